import { runProgram } from '../../scripts/programs.mjs';
import { BareBullmq } from './support/bullmq.mjs';
import { BenchCelery, celeryLacks } from './support/celery.mjs';
import { Loader } from './support/loader.mjs';
import { startPeer } from './support/node-peer.mjs';
import { BenchRoost } from './support/roost.mjs';
import { differenceRow, peerRow, ratioRow } from './support/rows.mjs';
import { percentile } from './support/stats.mjs';

const COUNT = 400;
/** Time for all of them. */
const LIMIT_MS = 5_000;
const OURS = { body: JSON.stringify({ type: 'no-op', input: { n: 1 } }), path: '/api/v1/tasks' };
const RELAY = 'Express and SSE';
const BARE = 'bare BullMQ event';
const CELERY = 'Celery get()';

/** From the submit of one task to the news of its end, one after the other, all warm. */
export const roundTrip = {
  id: 'P5',
  title: 'submit -> its end told to the client',
  weight: 1,
  async run(context) {
    const loader = await Loader.start(context);
    const roost = await BenchRoost.start(context);
    const bare = await BareBullmq.start(context);
    const client = await startPeer(context, 'bullmq-client', [bare.redis.url]);
    // A Redis of its own: events for one peer shall not wake the other.
    const relayed = await BareBullmq.start(context);
    const express = await startPeer(context, 'express-http', [relayed.redis.url, 'events']);
    const lacks = celeryLacks(context.python);
    const celery = lacks ? undefined : await BenchCelery.start(context, ['-P', 'solo']);
    const at = { url: roost.url, headers: roost.headers, ...OURS, count: COUNT };
    const relay = { url: express.url, path: '/tasks', body: JSON.stringify({ n: 1 }), count: COUNT };
    const follow = async (request, events) =>
      figures(await loader.firstEvents({ ...request, events, limitMs: LIMIT_MS }));
    const rounds = await context.rounds({
      ours: () => follow(at, '/api/v1/events'),
      'ours, ?wait': async () =>
        figures(await loader.load({ ...at, path: `${OURS.path}?wait=10`, connections: 1, expect: 200 })),
      [RELAY]: () => follow(relay, '/events'),
      [BARE]: async () => figures(await client.ask({ type: 'roundTrips', count: COUNT })),
      ...(celery ? { [CELERY]: async () => figures({ took: await celeryRoundTrips(celery) }) } : {}),
    });
    const p50 = { rounds, what: 'p50', take: ({ p50 }) => p50, unit: 'ms' };
    const p99 = { rounds, what: 'p99', take: ({ p99 }) => p99, unit: 'ms' };
    const wait = { ...p50, what: 'p50 by ?wait', ours: 'ours, ?wait' };
    return [
      ratioRow({ ...p50, theirs: RELAY, goal: ['<=', 1.1], note: NOTE }),
      ratioRow({ ...p99, theirs: RELAY, goal: ['<=', 1.2] }),
      differenceRow({ ...wait, theirs: RELAY, goal: ['<=', 0.3] }),
      ratioRow({ ...p99, theirs: RELAY, what: 'p99 by ?wait', ours: 'ours, ?wait' }),
      ratioRow({ ...p50, theirs: BARE }),
      ratioRow({ ...wait, theirs: BARE }),
      peerRow({ ...p50, theirs: CELERY, lacks }),
    ];
  },
};

const NOTE =
  'ours over HTTP and /api/v1/events, or one request with ?wait; "Express and SSE" adds for a POST and relays QueueEvents, so ' +
  'it has the same hops. Bare BullMQ and Celery speak to Redis themselves, without a web app between.';

function figures({ took }) {
  const round = (ms) => Math.round(ms * 100) / 100;
  return { p50: round(percentile(took, 0.5)), p99: round(percentile(took, 0.99)) };
}

async function celeryRoundTrips({ python, options }) {
  const { code, output } = await runProgram(python, ['-m', 'celery_round_trips', String(COUNT)], {
    ...options,
    env: { ...process.env, ...options.env },
  });
  if (code !== 0) throw new Error(`Celery: ${output}`);
  return JSON.parse(output.trim().split('\n').at(-1));
}
