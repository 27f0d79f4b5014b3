import { Loader } from './support/loader.mjs';
import { BenchRoost } from './support/roost.mjs';
import { ratioRow, valueRow } from './support/rows.mjs';
import { measure, TASK_MS } from './support/scaling-load.mjs';

const CONCURRENCY = 10;
const ROUNDS = 4;
/** Sides: Roosts that share nothing, each with so many web apps and workers on one Redis. */
const ONE = 'one of each';
const TWO = 'two Redis';
const WIDE = 'two web apps, four workers';

const FULL =
  'as fast as they can: one of each fills this machine, more of them wait for its cores, so this is no goal.';

/** Whether more of it does more, as far as one machine tells; and what a core of each part ends at. */
export const sideBySide = {
  id: 'scaling',
  title: 'more of each, side by side',
  weight: 3,
  apart: true,
  async run(context) {
    const loaders = await Promise.all([Loader.start(context), Loader.start(context)]);
    const first = await startRoost(context, { webs: 1, workers: 1 });
    const second = await startRoost(context, { webs: 1, workers: 1 });
    const wide = await startRoost(context, { webs: 2, workers: 4 });
    const sides = { [ONE]: [first], [TWO]: [first, second], [WIDE]: [wide] };
    const rounds = await context.rounds(
      Object.fromEntries(
        Object.entries(sides).map(([name, roosts]) => [name, () => measure(loaders, roosts)]),
      ),
      { count: ROUNDS },
    );
    return [
      ...compared(rounds, TWO, { of: '2 of each', times: 2 }),
      ...compared(rounds, WIDE, { of: '2 web apps, 4 workers, 1 Redis', times: 4 }),
      ...ends(rounds),
    ];
  },
};

async function startRoost(context, { webs, workers }) {
  const roost = await BenchRoost.start(context, { workers, concurrency: CONCURRENCY });
  roost.webs = [roost.web];
  while (roost.webs.length < webs) roost.webs.push(await roost.startApp('web', context.build.web));
  return roost;
}

/** `times`: how many times the workers; the rest is to cost a task what it costs with one of each. */
function compared(rounds, ours, { of, times }) {
  const than = { rounds, ours, theirs: ONE };
  return [
    ratioRow({
      ...{ ...than, what: `tasks of ${TASK_MS} ms, ${of}`, take: ({ perSecond }) => perSecond, unit: '/s' },
      ...{ goal: ['>=', 0.95 * times], note: `${times} times the workers; ideal is ${times}.` },
    }),
    ratioRow({
      ...{ ...than, what: `CPU per such task, ${of}`, take: ({ steadyUs }) => steadyUs, unit: 'us' },
      ...{ goal: ['<=', 1.1], note: 'all processes together, until the history has them.' },
    }),
    ratioRow({
      ...{ ...than, what: `CPU per task that does nothing, ${of}`, take: ({ us }) => us, unit: 'us' },
      note: FULL,
    }),
    ratioRow({ ...than, what: `the same in Redis, ${of}`, take: ({ redisUs }) => redisUs, unit: 'us' }),
    ratioRow({
      ...{ ...than, what: `CPU per request, ${of}`, take: ({ requestUs }) => requestUs, unit: 'us' },
      note: FULL,
    }),
  ];
}

/** Rate of each step on one core that does nothing else. */
function ends(rounds) {
  const row = (what, take, note) =>
    valueRow({
      ...{ what: `${what}, a core`, values: rounds.map((round) => 1e6 / take(round[ONE])), unit: '/s' },
      ...(note ? { note } : {}),
    });
  return [
    row('submit one a request, main thread of the web app', ({ mainUs }) => mainUs),
    row('submit 1,000 a request, main thread of the web app', ({ bulkUs }) => bulkUs),
    row('run and settle, worker', ({ workerUs }) => workerUs),
    row(
      'record, the other threads of the web app',
      ({ recordUs }) => recordUs,
      'the way from waiting to completed; P9 has the whole.',
    ),
    row(
      'store, fetch and finish, Redis',
      ({ lifeUs }) => lifeUs,
      'from the bulk request to its end in the history.',
    ),
  ];
}
