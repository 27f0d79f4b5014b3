import { closedDoor, makeToken } from './support/api-token.mjs';
import { BenchCelery } from './support/celery.mjs';
import { cpuOf, mainThreadCpuOf } from './support/cpu.mjs';
import { BenchFlask, flaskLacks } from './support/flask.mjs';
import { Loader } from './support/loader.mjs';
import { startPeer } from './support/node-peer.mjs';
import { BenchRoost } from './support/roost.mjs';
import { peerRow, ratioRow, valueRow } from './support/rows.mjs';

const CONNECTIONS = 50;
const REQUESTS = 5_000;
/** Fewer requests are enough for the slower servers. */
const FLASK = { 'gunicorn 2': [2_000, 2], 'Flask dev server': [200, 22] };

/** Submitting over HTTP with everything on: validation, idempotency, tokens, audit, logs, and the history beside it. */
export const submitOverHttp = {
  id: 'P1',
  title: 'submit over HTTP, 50 connections',
  weight: 1.5,
  async run(context) {
    const loader = await Loader.start(context);
    const roost = await BenchRoost.start(context, { workers: 0, env: await closedDoor() });
    roost.headers = await makeToken(roost.url);
    const redis = await context.startRedis();
    const nest = await startPeer(context, 'nest-http', [redis.url]);
    const flask = await startFlask(context);
    const rounds = await context.rounds({
      ours: () => ofOurs(loader, roost),
      'bare Nest': () => ofPeer(loader, { url: nest.url, count: REQUESTS, cpu: () => cpuOf(nest.pid) }),
      ...Object.fromEntries(
        Object.entries(flask).map(([name, { url, count, cpu }]) => [
          name,
          () => ofPeer(loader, { url, count, cpu }),
        ]),
      ),
    });
    const than = { rounds, theirs: 'bare Nest', unit: 'us' };
    const perSecond = ({ perSecond }) => perSecond;
    return [
      ratioRow({
        ...than,
        what: 'CPU per request, main thread',
        take: ({ mainUs }) => mainUs,
        takeTheirs: ({ us }) => us,
        goal: ['<=', 1.25],
        note: NOTE,
      }),
      ratioRow({ ...than, what: 'CPU per request', take: ({ us }) => us, goal: ['<=', 1.6] }),
      ratioRow({ ...than, what: 'throughput', take: perSecond, unit: '/s', goal: ['>=', 0.75] }),
      valueRow({
        what: 'CPU per request in Redis',
        values: rounds.map(({ ours }) => ours.redisUs),
        unit: 'us',
      }),
      ...Object.entries(FLASK).map(([theirs, [, goal]]) =>
        peerRow({
          ...{ rounds, what: 'throughput', take: perSecond, unit: '/s' },
          ...{ theirs, goal: ['>=', goal], lacks: flaskLacks(theirs, context.python) },
        }),
      ),
    ];
  },
};

const NOTE =
  'each request has a token and an Idempotency-Key of its own. Without "main thread" the figures are those of all threads, ' +
  'until the history has recorded the tasks. Bare Nest validates and adds, all threads counted.';

async function startFlask(context) {
  const started = {};
  let celery;
  for (const [name, [count]] of Object.entries(FLASK)) {
    if (flaskLacks(name, context.python)) continue;
    celery ??= await BenchCelery.start(context);
    const flask = await BenchFlask.start(name, celery);
    started[name] = { url: flask.url, count, cpu: () => flask.cpu() };
  }
  return started;
}

async function ofOurs(loader, roost) {
  const { web, redis } = roost;
  const used = () => [cpuOf(web.pid), mainThreadCpuOf(web.pid), cpuOf(redis.pid)];
  const before = used();
  const { ms } = await loader.load({
    url: web.url,
    path: '/api/v1/tasks',
    headers: roost.headers,
    body: JSON.stringify({ type: 'no-op', input: { n: 1 } }),
    keyed: true,
    count: REQUESTS,
    connections: CONNECTIONS,
  });
  await roost.recorded();
  const [us, mainUs, redisUs] = used().map((now, i) => Math.round((now - before[i]) / REQUESTS));
  return { perSecond: Math.round((REQUESTS / ms) * 1000), us, mainUs, redisUs };
}

async function ofPeer(loader, { url, count, cpu }) {
  const before = cpu();
  const body = JSON.stringify({ n: 1 });
  const { ms } = await loader.load({ url, path: '/tasks', body, count, connections: CONNECTIONS });
  return { perSecond: Math.round((count / ms) * 1000), us: Math.round((cpu() - before) / count) };
}
