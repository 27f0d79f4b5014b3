import { BareBullmq } from './support/bullmq.mjs';
import { lacks, versionOf } from './support/other-libraries.mjs';
import { BenchRoost } from './support/roost.mjs';
import { peerRow } from './support/rows.mjs';
import { workOff } from './support/work-off.mjs';

const TASKS = 10_000;
const BARE = 'bare BullMQ';
const OTHER = 'ioredis5';
/** Name of the side -> package of the client, its protocol where it is not its own choice. */
const CLIENTS = {
  'bare on ioredis 6, RESP2': ['ioredis', '2'],
  'bare on ioredis 5': [OTHER],
  'bare on node-redis': ['redis'],
};
const OURS = 'ours on ioredis 5';

/** Cost of the client of Redis for a worker: BullMQ alone on each, and all of Roost on either ioredis. */
export async function libsRedis(context) {
  const bare = { [BARE]: await BareBullmq.start(context) };
  for (const [name, client] of Object.entries(CLIENTS)) {
    if (!lacks(client[0])) bare[name] = await BareBullmq.start(context, { client });
  }
  const roosts = { ours: await BenchRoost.start(context) };
  if (!lacks(OTHER)) {
    roosts[OURS] = await BenchRoost.start(context, { build: context.build.with('ioredis', OTHER) });
    await proveOther(roosts[OURS]);
  }
  const rounds = await context.rounds({
    ...sides(bare, runBare),
    ...sides(roosts, runRoost),
  });
  return [
    ...Object.entries(CLIENTS).flatMap(([ours, [name]]) => rows(rounds, { ours, theirs: BARE, name })),
    ...rows(rounds, { ours: OURS, theirs: 'ours', than: 'ours on ioredis 6', name: OTHER }),
    // The question of P3: beside the same bare worker.
    workerRow(rounds, { ours: 'ours', theirs: BARE }),
    workerRow(rounds, { ours: OURS, theirs: BARE, lacks: lacks(OTHER) }),
  ];
}

const sides = (started, run) =>
  Object.fromEntries(Object.entries(started).map(([name, one]) => [name, () => run(one)]));

async function runBare(one) {
  await one.queue.pause();
  await one.add('no-op', TASKS);
  return one.workOff(TASKS);
}

async function runRoost(roost) {
  await roost.pause();
  await roost.submit('no-op', TASKS);
  await roost.recorded();
  const { queue, redis } = roost;
  const workers = roost.workers.map(({ pid }) => pid);
  const resume = () => roost.resume();
  const figures = await workOff({ queue, redis, count: TASKS, workers, resume });
  await roost.settle();
  return figures;
}

/** ioredis 6 speaks RESP3, ioredis 5 cannot: what Redis says of its clients tells which one it is. */
async function proveOther({ redis }) {
  const clients = (await redis.client.call('CLIENT', 'LIST')).split('\n');
  const ours = clients.filter((line) => line.includes(' name=roost:'));
  if (ours.length === 0 || ours.some((line) => !line.includes(' resp=2')))
    throw new Error(`Roost does not run on ${OTHER}:\n${ours.join('\n')}`);
}

function rows(rounds, { ours, theirs, than, name }) {
  const both = { rounds, ours, theirs, than: than ?? theirs, lacks: lacks(name) };
  return [
    { ...workerRow(rounds, both), ...(lacks(name) ? {} : { note: `${name} ${versionOf(name)}.` }) },
    peerRow({ ...both, what: `CPU per task in Redis, ${ours}`, take: ({ redisUs }) => redisUs, unit: 'us' }),
    peerRow({ ...both, what: `throughput, ${ours}`, take: ({ perSecond }) => perSecond, unit: '/s' }),
  ];
}

function workerRow(rounds, both) {
  const what = `CPU per task in the worker, ${both.ours}`;
  return peerRow({ rounds, ...both, what, take: ({ workerUs }) => workerUs, unit: 'us' });
}
