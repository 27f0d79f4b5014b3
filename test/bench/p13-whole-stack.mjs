import { BareBullmq } from './support/bullmq.mjs';
import { BenchCelery } from './support/celery.mjs';
import { BenchFlask, flaskLacks } from './support/flask.mjs';
import { Loader } from './support/loader.mjs';
import { startPeer } from './support/node-peer.mjs';
import { BenchRoost } from './support/roost.mjs';
import { peerRow, ratioRow } from './support/rows.mjs';
import { until } from './support/until.mjs';

const CONNECTIONS = 50;
const TASKS = 5_000;
/** name: what serves, what works, how many tasks are enough, the goal. */
const PYTHON = {
  'Flask + Celery solo': ['Flask dev server', ['-P', 'solo'], 200, 25],
  'gunicorn + prefork': ['gunicorn 2', ['-P', 'prefork', '-c', '2'], 1_500, 4],
};
const OURS = JSON.stringify({ type: 'no-op', input: { n: 1 } });
const THEIRS = JSON.stringify({ n: 1 });

/** Everything at once: tasks come over HTTP, wait, run, and their results are there. */
export const wholeStack = {
  id: 'P13',
  title: 'the whole stack: HTTP, queue, worker, result',
  weight: 1.5,
  async run(context) {
    const loader = await Loader.start(context);
    const roost = await BenchRoost.start(context);
    const bare = await BareBullmq.start(context);
    const express = await startPeer(context, 'express-http', [bare.redis.url]);
    const python = await startPython(context);
    const rounds = await context.rounds({
      ours: () => ofOurs(loader, roost),
      'Express + BullMQ': () => ofBare(loader, bare, express),
      ...Object.fromEntries(
        Object.entries(python).map(([name, one]) => [name, () => ofPython(loader, one, PYTHON[name][2])]),
      ),
    });
    const than = { rounds, what: 'tasks', take: ({ perSecond }) => perSecond, unit: '/s' };
    return [
      ratioRow({ ...than, theirs: 'Express + BullMQ', goal: ['>=', 0.6], note: NOTE }),
      ...Object.entries(PYTHON).map(([theirs, [server, , , goal]]) =>
        peerRow({ ...than, theirs, goal: ['>=', goal], lacks: flaskLacks(server, context.python) }),
      ),
    ];
  },
};

const NOTE = `${CONNECTIONS} connections, one worker with 50 at once; from the first request to the last result.`;

async function startPython(context) {
  const started = {};
  for (const [name, [server, pool]] of Object.entries(PYTHON)) {
    if (flaskLacks(server, context.python)) continue;
    const celery = await BenchCelery.start(context, pool);
    started[name] = { celery, flask: await BenchFlask.start(server, celery) };
  }
  return started;
}

async function ofOurs(loader, roost) {
  const request = { url: roost.url, path: '/api/v1/tasks', body: OURS };
  const figures = await ofQueue(loader, roost, request);
  await roost.settle();
  return figures;
}

async function ofBare(loader, bare, express) {
  const figures = await ofQueue(loader, bare, { url: express.url, path: '/tasks', body: THEIRS });
  await bare.queue.clean(0, 0, 'completed');
  return figures;
}

async function ofQueue(loader, { queue, redis }, request) {
  const before = await queue.getJobCountByTypes('completed');
  const { startedAt } = await loader.load({ ...request, count: TASKS, connections: CONNECTIONS });
  const done = async () => (await queue.getJobCountByTypes('completed')) - before;
  await until('all have run', async () => (await done()) >= TASKS);
  const [, endedAt] = await redis.client.zrevrange(queue.toKey('completed'), 0, 0, 'WITHSCORES');
  return { perSecond: Math.round((TASKS / (Number(endedAt) - startedAt)) * 1000) };
}

async function ofPython(loader, { celery, flask }, count) {
  const before = await celery.results();
  const request = { url: flask.url, path: '/tasks', body: THEIRS, count, connections: CONNECTIONS };
  const { startedAt } = await loader.load(request);
  await until('all have run', async () => (await celery.results()) >= before + count);
  return { perSecond: Math.round((count / (Date.now() - startedAt)) * 1000) };
}
