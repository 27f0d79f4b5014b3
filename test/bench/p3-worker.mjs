import { BareBullmq } from './support/bullmq.mjs';
import { BenchCelery, celeryLacks } from './support/celery.mjs';
import { BenchRoost } from './support/roost.mjs';
import { peerRow, ratioRow, valueRow } from './support/rows.mjs';
import { workOff } from './support/work-off.mjs';

const TASKS = 10_000;
/** Fewer tasks are enough for the slower workers. */
const CELERY_TASKS = 1_000;
const CELERY = {
  'Celery solo': [['-P', 'solo'], 12],
  'Celery prefork 2': [['-P', 'prefork', '-c', '2'], 10],
};

/** A worker that runs tasks that do nothing, 50 at once, with all that belongs to it: presence, history, metrics, logs. */
export const workerNoOp = {
  id: 'P3',
  title: 'worker, tasks that do nothing, 50 at once',
  weight: 2,
  async run(context) {
    const roost = await BenchRoost.start(context);
    const bare = await BareBullmq.start(context);
    const celery = await startCelery(context);
    const sides = {
      ours: () => runOurs(roost),
      'ours, web app frozen': () => runWithoutWeb(roost),
      'bare BullMQ': () => runBare(bare),
      ...Object.fromEntries(Object.entries(celery).map(([name, one]) => [name, () => one.workOff()])),
    };
    const rounds = await context.rounds(sides);
    const than = { rounds, theirs: 'bare BullMQ' };
    const elsewhere = { ...than, ours: 'ours, web app frozen' };
    const perSecond = ({ perSecond }) => perSecond;
    const workerUs = ({ workerUs }) => workerUs;
    const redisUs = ({ redisUs }) => redisUs;
    return [
      ratioRow({
        ...{ ...than, what: 'CPU per task in the worker', take: workerUs, unit: 'us' },
        ...{ goal: ['<=', 1.25], note: NOTE },
      }),
      ratioRow({
        ...elsewhere,
        what: 'CPU per task in the worker, web elsewhere',
        take: workerUs,
        unit: 'us',
      }),
      ratioRow({ ...than, what: 'CPU per task in Redis', take: redisUs, unit: 'us' }),
      ratioRow({
        ...{ ...elsewhere, what: 'CPU per task in Redis, web elsewhere', take: redisUs, unit: 'us' },
        goal: ['<=', 1.2],
      }),
      ratioRow({ ...than, what: 'throughput', take: perSecond, unit: '/s', goal: ['>=', 0.65] }),
      ratioRow({
        ...{ ...elsewhere, what: 'throughput, web elsewhere', take: perSecond, unit: '/s' },
        goal: ['>=', 0.9],
      }),
      valueRow({
        what: 'CPU per task in the web app (history)',
        values: rounds.map(({ ours }) => ours.besideUs),
        unit: 'us',
      }),
      ...Object.entries(CELERY).map(([theirs, [, goal]]) =>
        peerRow({
          ...{ rounds, what: 'throughput', take: perSecond, unit: '/s' },
          ...{ theirs, goal: ['>=', goal], lacks: celeryLacks(context.python) },
        }),
      ),
    ];
  },
};

const NOTE =
  '"web elsewhere": the web app, which records the history, is frozen meanwhile, as where it runs on another machine. ' +
  'All other lines: it records on the same cores.';

async function startCelery(context) {
  if (celeryLacks(context.python)) return {};
  const started = {};
  for (const [name, [pool]] of Object.entries(CELERY)) {
    started[name] = await BenchCelery.start(context, pool);
    await started[name].seed('no-op', CELERY_TASKS);
  }
  return started;
}

async function prepare(roost) {
  await roost.pause();
  await roost.submit('no-op', TASKS);
  await roost.recorded();
}

async function runOurs(roost) {
  await prepare(roost);
  const figures = await workOff({
    ...inRoost(roost),
    resume: () => roost.resume(),
    beside: [roost.web.pid],
  });
  await roost.settle();
  return figures;
}

async function runWithoutWeb(roost) {
  await prepare(roost);
  const resume = async () => {
    await roost.resume();
    roost.web.child.kill('SIGSTOP');
  };
  try {
    return await workOff({ ...inRoost(roost), resume });
  } finally {
    roost.web.child.kill('SIGCONT');
    await roost.settle();
  }
}

const inRoost = ({ queue, redis, workers }) => ({
  queue,
  redis,
  count: TASKS,
  workers: workers.map(({ pid }) => pid),
});

async function runBare(bare) {
  await bare.queue.pause();
  await bare.add('no-op', TASKS);
  return bare.workOff(TASKS);
}
