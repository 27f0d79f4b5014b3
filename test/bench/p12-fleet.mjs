import { setTimeout as pause } from 'node:timers/promises';
import { FLEETING } from '../../scripts/redis-embedded.mjs';
import { cpuOf, cpuOfAll } from './support/cpu.mjs';
import { BenchRoost } from './support/roost.mjs';
import { ratioRow, valueRow } from './support/rows.mjs';
import { median } from './support/stats.mjs';
import { until } from './support/until.mjs';
import { workOff } from './support/work-off.mjs';

const SIZES = [1, 2, 4, 8];
const CONCURRENCY = 10;
const TASK_MS = 20;
/** Each run takes that long where the fleet grows ideally, s. */
const SECONDS = 3;
/** Share of the machine's cores in use from which on more workers cannot do more. */
const FULL = 0.75;
const ROUNDS = 3;
const BACKLOGS = { '10,000': 10_000, '1,000,000': 1_000_000 };
const MEASURED = 8_000;

/** More workers do more, and a long queue is no dearer than a short one. */
export const fleet = {
  id: 'P12',
  title: 'growth',
  weight: 1.6,
  async run(context) {
    return [...(await growth(context)), ...(await backlogs(context))];
  },
};

async function growth(context) {
  const roost = await BenchRoost.start(context, { workers: 0, concurrency: CONCURRENCY });
  await Promise.all(Array.from({ length: Math.max(...SIZES) }, () => roost.startWorker()));
  const { items } = await roost.call('GET', '/api/v1/workers');
  const ids = items.map(({ id }) => id);
  await command(roost, 'pause', ids);
  const ideal = (1000 / (await lengthOfATask())) * CONCURRENCY;
  const sides = Object.fromEntries(
    SIZES.map((size) => [size, () => runFleet(roost, ids.slice(0, size), ideal)]),
  );
  const rounds = await context.rounds(sides, { count: ROUNDS, warmUp: false });
  return SIZES.map((size) => {
    const cores = median(rounds.map((round) => round[size].cores));
    const isFull = cores > FULL * context.cores;
    return valueRow({
      what: `tasks of ${TASK_MS} ms a second, ${size} worker${size > 1 ? 's' : ''} / ideal`,
      values: rounds.map((round) => round[size].ofIdeal),
      ...(isFull ? {} : { goal: ['>=', 0.95] }),
      note:
        `${Math.round(ideal * size)}/s are ideal, ${cores} of ${context.cores} cores busy` +
        (isFull ? ': the machine is full, so this is no goal.' : '.'),
    });
  });
}

/** What a timer of so many ms really takes here, on a process with nothing else to do: the task's own length. */
async function lengthOfATask() {
  const took = [];
  for (let i = 0; i < 50; i++) {
    const startedAt = performance.now();
    await pause(TASK_MS);
    took.push(performance.now() - startedAt);
  }
  return median(took);
}

async function command(roost, name, ids) {
  const { items } = await roost.call('POST', `/api/v1/workers/commands/${name}`, { ids });
  const refused = items.find(({ ok }) => !ok);
  if (refused || items.length !== ids.length)
    throw new Error(`${name}: ${refused?.why ?? 'not all answered'}`);
}

async function runFleet(roost, ids, ideal) {
  const count = Math.round(ideal * SECONDS * ids.length);
  await roost.pause();
  await command(roost, 'resume', ids);
  await roost.submit('pause', count, () => ({ forMs: TASK_MS }));
  await roost.recorded();
  const { queue, redis, workers } = roost;
  const pids = [...workers.map(({ pid }) => pid), roost.web.pid, redis.pid];
  const before = cpuOfAll(pids);
  const startedAt = performance.now();
  const { perSecond } = await workOff({ queue, redis, count, workers: pids, resume: () => roost.resume() });
  const cores = (cpuOfAll(pids) - before) / 1000 / (performance.now() - startedAt);
  await command(roost, 'pause', ids);
  await roost.settle();
  return { ofIdeal: perSecond / (ideal * ids.length), perSecond, cores: Math.round(cores * 10) / 10 };
}

async function backlogs(context) {
  const roosts = {};
  for (const [name, size] of Object.entries(BACKLOGS)) {
    context.progress(`${name} waiting tasks`);
    const roost = (roosts[name] = await BenchRoost.start(context, { redisArgs: FLEETING }));
    await roost.pause();
    await fill(roost, size);
  }
  const [few, many] = Object.keys(BACKLOGS);
  const sides = Object.fromEntries(
    Object.entries(roosts).map(([name, roost]) => [name, () => runSome(roost)]),
  );
  const rounds = await context.rounds(sides, { count: ROUNDS });
  const than = { rounds, ours: many, theirs: few, than: `at ${few}`, unit: 'us' };
  return [
    ratioRow({
      ...{ ...than, what: `CPU per task with ${many} waiting`, take: ({ us }) => us, goal: ['<=', 1.1] },
      note: 'worker and Redis together; the few are filled up again before each round.',
    }),
    ratioRow({ ...than, what: 'in Redis alone', take: ({ redisUs }) => redisUs }),
  ];
}

/** Waiting tasks as the web app adds them, without their events: a backlog, not the news of one. */
const FILL = `
  for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
    local id = 'w' .. ARGV[3] .. '-' .. i
    redis.call('HSET', KEYS[1] .. id, 'name', 'no-op', 'data', '{"roost":1,"input":{"n":' .. i .. '}}', 'opts', '{"attempts":1}',
      'timestamp', ARGV[3], 'delay', 0, 'priority', 0)
    redis.call('LPUSH', KEYS[1] .. ARGV[4], id)
  end`;
const AT_ONCE = 1000;

async function fill({ redis, queue }, size) {
  const isApart = (await redis.client.exists(queue.toKey('paused'))) === 1;
  const now = Date.now();
  for (let from = 1; from <= size; from += AT_ONCE) {
    const to = Math.min(size, from + AT_ONCE - 1);
    await redis.client.eval(FILL, 1, queue.toKey(''), from, to, now, isApart ? 'paused' : 'wait');
  }
}

/** Lets the worker take some of what waits, then holds it back again. */
async function runSome(roost) {
  const { queue, redis, workers } = roost;
  const waiting = await queue.getJobCountByTypes('waiting', 'paused');
  if (waiting < MEASURED) await fill(roost, BACKLOGS['10,000']);
  const completed = () => queue.getJobCountByTypes('completed', 'failed');
  const before = { done: await completed(), us: cpuOf(workers[0].pid), redisUs: cpuOf(redis.pid) };
  await roost.resume();
  await until('enough are done', async () => (await completed()) - before.done >= MEASURED);
  await roost.pause();
  const done = (await completed()) - before.done;
  const redisUs = (cpuOf(redis.pid) - before.redisUs) / done;
  const us = (cpuOf(workers[0].pid) - before.us) / done + redisUs;
  await roost.recorded();
  return { us: Math.round(us * 10) / 10, redisUs: Math.round(redisUs * 10) / 10 };
}
