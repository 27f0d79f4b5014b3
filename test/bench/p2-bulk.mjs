import { cpuOf } from './support/cpu.mjs';
import { Loader } from './support/loader.mjs';
import { startPeer } from './support/node-peer.mjs';
import { BenchRoost } from './support/roost.mjs';
import { ratioRow } from './support/rows.mjs';

const BULK = 1_000;
const TASKS = 10_000;
const SINGLES = 3_000;
const body = (n) => ({ type: 'no-op', input: { n } });

/** A thousand tasks in one request, beside adds of BullMQ alone of which 100 are under way at once. */
export const bulkSubmit = {
  id: 'P2',
  title: 'submit 1,000 in one request',
  weight: 1,
  async run(context) {
    const loader = await Loader.start(context);
    const roost = await BenchRoost.start(context, { workers: 0 });
    const redis = await context.startRedis();
    const bare = await startPeer(context, 'bullmq-client', [redis.url]);
    const bulk = {
      path: '/api/v1/tasks/bulk',
      body: JSON.stringify(Array.from({ length: BULK }, (_, n) => body(n))),
      count: TASKS / BULK,
      connections: 1,
    };
    const single = { path: '/api/v1/tasks', body: JSON.stringify(body(1)), count: SINGLES, connections: 50 };
    const rounds = await context.rounds({
      'ours, in bulk': () => ofOurs(loader, roost, bulk, TASKS),
      'ours, one by one': () => ofOurs(loader, roost, single, SINGLES),
      'bare adds': () => ofBare(bare),
    });
    const than = { rounds, ours: 'ours, in bulk' };
    const us = ({ us }) => us;
    return [
      ratioRow({
        ...{
          ...than,
          what: 'CPU per task',
          theirs: 'bare adds',
          take: ({ answeredUs }) => answeredUs,
          takeTheirs: us,
        },
        ...{
          unit: 'us',
          goal: ['<=', 2],
          note: 'until the answer is there; the next line has what comes after it.',
        },
      }),
      ratioRow({
        ...than,
        what: 'CPU per task, with its history',
        theirs: 'bare adds',
        take: us,
        unit: 'us',
      }),
      ratioRow({
        ...{ ...than, what: 'tasks', theirs: 'ours, one by one', than: 'single requests' },
        ...{ take: ({ perSecond }) => perSecond, unit: '/s', goal: ['>=', 4] },
      }),
      ratioRow({
        ...{ ...than, what: 'tasks', theirs: 'bare adds' },
        ...{ take: ({ perSecond }) => perSecond, unit: '/s' },
      }),
    ];
  },
};

async function ofOurs(loader, roost, request, tasks) {
  const { web } = roost;
  const before = cpuOf(web.pid);
  const { ms } = await loader.load({ url: web.url, ...request });
  const answered = cpuOf(web.pid);
  await roost.recorded();
  return {
    perSecond: Math.round((tasks / ms) * 1000),
    answeredUs: Math.round((answered - before) / tasks),
    us: Math.round((cpuOf(web.pid) - before) / tasks),
  };
}

async function ofBare(bare) {
  const before = cpuOf(bare.pid);
  const { ms } = await bare.ask({ type: 'add', count: TASKS, atOnce: 100 });
  return {
    perSecond: Math.round((TASKS / ms) * 1000),
    us: Math.round(((cpuOf(bare.pid) - before) / TASKS) * 10) / 10,
  };
}
