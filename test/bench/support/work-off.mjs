import { cpuOfAll } from './cpu.mjs';
import { until } from './until.mjs';

/** Long enough that a tick of the kernel's accounting (10 ms) and the start do not count. */
const LIMIT_MS = 120_000;

/**
 * Lets workers work off what waits in a paused queue of BullMQ, and gives tasks per second and microseconds of processor
 * time a task: in the workers, in Redis, and in `beside`, what runs along.
 */
export async function workOff({ queue, count, resume, redis, workers, beside = [] }) {
  const completedBefore = await queue.getJobCountByTypes('completed');
  const used = () => [cpuOfAll(workers), cpuOfAll([redis.pid]), cpuOfAll(beside)];
  const before = used();
  const startedAt = Date.now();
  await resume();
  await drained(queue);
  const after = used();
  const completed = (await queue.getJobCountByTypes('completed')) - completedBefore;
  if (completed !== count) throw new Error(`${completed} of ${count} completed`);
  const seconds = ((await lastFinishedAt(redis.client, queue)) - startedAt) / 1000;
  const [worker, server, others] = after.map((us, i) => (us - before[i]) / count);
  return {
    perSecond: Math.round(count / seconds),
    workerUs: round(worker),
    redisUs: round(server),
    ...(beside.length > 0 ? { besideUs: round(others) } : {}),
  };
}

/** Nobody waits or runs any more. */
export function drained(queue) {
  return until('all is worked off', () => isEmpty(queue), { limitMs: LIMIT_MS });
}

async function isEmpty(queue) {
  return (await queue.getJobCountByTypes('waiting', 'paused', 'prioritized', 'active')) === 0;
}

/** When the last one finished, by the worker's clock: our own looks come a little later. */
async function lastFinishedAt(redis, queue) {
  const [, score] = await redis.zrevrange(queue.toKey('completed'), 0, 0, 'WITHSCORES');
  return Number(score);
}

const round = (us) => Math.round(us * 10) / 10;
