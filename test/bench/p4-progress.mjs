import { BareBullmq } from './support/bullmq.mjs';
import { BenchCelery, celeryLacks } from './support/celery.mjs';
import { readProgress } from './support/progress-reader.mjs';
import { BenchRoost } from './support/roost.mjs';
import { peerRow, ratioRow, valueRow } from './support/rows.mjs';
import { workOff } from './support/work-off.mjs';

const TASKS = 4_000;
const UPDATES = 20;
/** Fewer tasks are enough for the slower workers. */
const CELERY_TASKS = 150;
const BARE_TASKS = 2_000;
const TYPE = 'report-progress';
/** A reader of one task that reports every so many ms. */
const SLOW = { times: 20, everyMs: 150 };
const SLOW_GOAL = ['<=', 100];

/** Progress that nobody looks at should cost next to nothing, and whoever looks should see it at once. */
export const progressReports = {
  id: 'P4',
  title: '20 progress reports a task',
  weight: 1.8,
  async run(context) {
    const roost = await BenchRoost.start(context);
    const bare = await BareBullmq.start(context);
    const lacks = celeryLacks(context.python);
    const celery = lacks ? undefined : await BenchCelery.start(context, ['-P', 'solo']);
    await celery?.seed(TYPE, CELERY_TASKS, UPDATES);
    const rounds = await context.rounds({
      ours: () => runOurs(roost, UPDATES),
      'ours, no progress': () => runOurs(roost, 0),
      'bare BullMQ': () => runBare(bare, UPDATES),
      'bare BullMQ, no progress': () => runBare(bare, 0),
      ...(celery ? { 'Celery solo': () => celery.workOff() } : {}),
    });
    const take = ({ perSecond }) => perSecond;
    const than = { rounds, what: 'throughput', unit: '/s', take };
    return [
      ratioRow({ ...than, theirs: 'ours, no progress', than: 'without progress', goal: ['>=', 0.8] }),
      ratioRow({
        ...{ ...than, what: 'throughput of bare BullMQ', ours: 'bare BullMQ' },
        ...{ theirs: 'bare BullMQ, no progress', than: 'without progress' },
      }),
      ratioRow({ ...than, theirs: 'bare BullMQ', goal: ['>=', 3] }),
      peerRow({ ...than, theirs: 'Celery solo', goal: ['>=', 50], lacks }),
      ...(await readers(context, roost)),
    ];
  },
};

async function runOurs(roost, times) {
  await roost.pause();
  await roost.submit(TYPE, TASKS, () => ({ times }));
  await roost.recorded();
  const { queue, redis, workers } = roost;
  const pids = workers.map(({ pid }) => pid);
  const figures = await workOff({ queue, redis, count: TASKS, workers: pids, resume: () => roost.resume() });
  await roost.settle();
  return figures;
}

async function runBare(bare, times) {
  await bare.queue.pause();
  await bare.add(TYPE, BARE_TASKS, () => ({ times }));
  return bare.workOff(BARE_TASKS);
}

/** Checks the stream of one task: each progress of a slow task in time, and the last one of any task before its end. */
async function readers(context, roost) {
  const delays = [];
  let unseen = 0;
  let lastMissing = 0;
  for (let i = 0; i < 3; i++) {
    context.progress(`a reader of a slow task, ${i + 1} of 3`);
    const slow = await readProgress(roost, TYPE, SLOW);
    delays.push(...slow.delays);
    unseen += slow.unseen;
    for (const task of [slow, await readProgress(roost, TYPE, { times: UPDATES })])
      if (!task.lastSeen) lastMissing++;
  }
  return [
    valueRow({
      ...{ what: 'report of a slow task to its reader, the slowest', values: [Math.max(...delays)] },
      ...{
        unit: 'ms',
        goal: SLOW_GOAL,
        note: `of ${delays.length} reports by 3 tasks, one every ${SLOW.everyMs} ms.`,
      },
    }),
    valueRow({ what: 'reports of a slow task its reader did not see', values: [unseen], goal: ['<=', 0] }),
    valueRow({
      what: 'tasks whose last report did not come before their end',
      values: [lastMissing],
      goal: ['<=', 0],
    }),
  ];
}
