import { runProgram } from '../../scripts/programs.mjs';
import { BareBullmq } from './support/bullmq.mjs';
import { BenchCelery, celeryLacks } from './support/celery.mjs';
import { Loader } from './support/loader.mjs';
import { startPeer } from './support/node-peer.mjs';
import { BenchRoost } from './support/roost.mjs';
import { peerRow, ratioRow } from './support/rows.mjs';
import { percentile } from './support/stats.mjs';

const COUNT = 400;
/** Fewer of those that are slow. */
const LIMIT_MS = 5_000;
const BODY = JSON.stringify({ type: 'no-op', input: { n: 1 } });

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
    const lacks = celeryLacks(context.python);
    const celery = lacks ? undefined : await BenchCelery.start(context, ['-P', 'solo']);
    const at = { url: roost.url, headers: roost.headers, body: BODY, count: COUNT };
    const rounds = await context.rounds({
      ours: async () =>
        figures(
          await loader.firstEvents({
            ...at,
            path: '/api/v1/tasks',
            events: '/api/v1/events',
            limitMs: LIMIT_MS,
          }),
        ),
      'ours, ?wait': async () =>
        figures(await loader.load({ ...at, path: '/api/v1/tasks?wait=10', connections: 1, expect: 200 })),
      'bare BullMQ event': async () => figures(await client.ask({ type: 'roundTrips', count: COUNT })),
      ...(celery ? { 'Celery get()': async () => figures({ took: await celeryRoundTrips(celery) }) } : {}),
    });
    const p50 = { rounds, what: 'p50', take: ({ p50 }) => p50, unit: 'ms' };
    const p99 = { rounds, what: 'p99', take: ({ p99 }) => p99, unit: 'ms' };
    const bareIs = { theirs: 'bare BullMQ event' };
    return [
      ratioRow({ ...p50, ...bareIs, goal: ['<=', 1.2], note: NOTE }),
      ratioRow({ ...p99, ...bareIs, goal: ['<=', 1.5] }),
      peerRow({ ...p50, theirs: 'Celery get()', goal: ['<=', 0.6], lacks }),
      ratioRow({ ...p50, ...bareIs, what: 'p50 by ?wait', ours: 'ours, ?wait' }),
      ratioRow({ ...p99, ...bareIs, what: 'p99 by ?wait', ours: 'ours, ?wait' }),
    ];
  },
};

const NOTE =
  'ours over HTTP and /api/v1/events, or one request with ?wait; the other sides speak to Redis themselves, without a web app between.';

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
