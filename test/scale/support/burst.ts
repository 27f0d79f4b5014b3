import type { Redis } from 'ioredis';

/** Tasks as BullMQ and our workers leave them behind, with their events, faster than any worker could. */
const RUN = `
  for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
    local id, base = 'burst-' .. i, KEYS[1]
    redis.call('HSET', base .. id, 'name', 'divide', 'data', '{"roost":1,"input":{"x":' .. i .. ',"y":2}}', 'opts', '{"attempts":1}',
      'timestamp', ARGV[3], 'delay', 0, 'priority', 0, 'processedOn', ARGV[3] + 1, 'finishedOn', ARGV[3] + 3, 'ats', 1, 'atm', 1,
      'pb', 'burst-worker', 'returnvalue', '{"quotient":' .. (i / 2) .. '}')
    redis.call('ZADD', base .. 'completed', ARGV[3] + 3, id)
    local events = base .. 'events'
    redis.call('XADD', events, '*', 'event', 'added', 'jobId', id, 'name', 'divide')
    redis.call('XADD', events, '*', 'event', 'waiting', 'jobId', id)
    redis.call('XADD', events, '*', 'event', 'active', 'jobId', id, 'prev', 'waiting')
    redis.call('XADD', events, '*', 'event', 'completed', 'jobId', id, 'returnvalue', '{}', 'prev', 'active')
  end`;
const AT_ONCE = 200;

/** `base`: the queue's keys in Redis, as `roost:default:`. */
export async function burst(redis: Redis, base: string, tasks: number): Promise<void> {
  for (let from = 1; from <= tasks; from += AT_ONCE)
    await redis.eval(RUN, 1, base, from, Math.min(tasks, from + AT_ONCE - 1), Date.now());
}
