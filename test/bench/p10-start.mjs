import { BenchCelery, celeryLacks } from './support/celery.mjs';
import { rssOf } from './support/cpu.mjs';
import { BenchRoost } from './support/roost.mjs';
import { peerRow, valueRow } from './support/rows.mjs';
import { ScratchProject } from './support/scratch-project.mjs';
import { until } from './support/until.mjs';

const STARTS = 3;
const MB = 2 ** 20;
/** Time after which a process has freed the memory of its start, ms. */
const REST_MS = 3_000;

/** How long one waits, and what the processes take while they have nothing to do. */
export const start = {
  id: 'P10',
  title: 'start, and memory at rest',
  weight: 1,
  async run(context) {
    const starts = await npmStarts(context);
    const roost = await BenchRoost.start(context, { workers: 0 });
    const lacks = celeryLacks(context.python);
    const celery = lacks ? undefined : await BenchCelery.start(context);
    await celery?.seed('no-op', 1);
    const rounds = await context.rounds({
      ours: () => ofOurs(roost),
      ...(celery ? { 'Celery solo': () => ofCelery(celery) } : {}),
    });
    const worker = await roost.startWorker();
    context.progress('memory at rest');
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    return [
      valueRow({ what: 'second npm start to ready', values: starts, unit: 's', goal: ['<=', 2] }),
      peerRow({
        ...{ rounds, what: 'worker start to its first result', take: ({ ms }) => ms, unit: 'ms' },
        ...{ theirs: 'Celery solo', goal: ['<=', 0.4], lacks },
      }),
      valueRow({
        what: 'memory of the web app',
        values: [rssOf(roost.web.pid) / MB],
        unit: 'MB',
        goal: ['<=', 150],
      }),
      valueRow({
        what: 'memory of a worker',
        values: [rssOf(worker.pid) / MB],
        unit: 'MB',
        goal: ['<=', 100],
      }),
    ];
  },
};

async function npmStarts(context) {
  const project = new ScratchProject(context.scratch);
  const took = [];
  // The first one writes what a first start writes.
  for (let i = 0; i <= STARTS; i++) {
    const startedAt = performance.now();
    const { stop } = await project.start();
    const seconds = (performance.now() - startedAt) / 1000;
    if (i > 0) took.push(seconds);
    context.progress(`npm start, ${i === 0 ? 'the first' : `${i} of ${STARTS}`}: ${seconds.toFixed(2)} s`);
    await stop();
  }
  return took;
}

async function ofOurs(roost) {
  await roost.submit('no-op', 1);
  const startedAt = Date.now();
  const starting = roost.startWorker();
  const done = async () => (await roost.queue.getJobCountByTypes('completed')) > 0;
  await until('the first task has run', done, { everyMs: 5 });
  const ms = Date.now() - startedAt;
  const worker = await starting;
  await worker.stop();
  roost.workers = [];
  await roost.settle();
  return { ms };
}

async function ofCelery(celery) {
  await celery.forget();
  await celery.redis.client.copy('seed', 'celery');
  const startedAt = Date.now();
  celery.spawnWorker(['-P', 'solo']);
  await until('the first task has run', async () => (await celery.results()) > 0, { everyMs: 5 });
  const ms = Date.now() - startedAt;
  await celery.worker.stop();
  return { ms };
}
