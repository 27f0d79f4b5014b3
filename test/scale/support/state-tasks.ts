import type { Redis } from 'ioredis';
import { newTaskId } from '../../../src/bullmq/task-ids.js';
import { parseInfo } from '../../../src/monitoring/redis-overview.js';

const AT_ONCE = 2_000;
const ADD = `
  local base, state, now = KEYS[1], ARGV[1], tonumber(ARGV[2])
  for i = 3, #ARGV do
    local id = ARGV[i]
    local at = now - (i * 7919) % 3600000
    local key = base .. id
    redis.call('HSET', key, 'name', 'divide', 'data', '{"roost":1,"input":{"x":' .. i .. ',"y":2}}', 'opts', '{"attempts":1}',
      'timestamp', at - 20, 'delay', 0, 'priority', 0)
    if state == 'wait' then redis.call('LPUSH', base .. 'wait', id)
    else
      redis.call('HSET', key, 'processedOn', at - 5, 'finishedOn', at, 'ats', 1, 'atm', 1, 'pb', 'seed')
      if state == 'failed' then
        redis.call('HSET', key, 'failedReason', 'Division by zero', 'stacktrace', '["Error: Division by zero\\\\n    at divide.task.ts:1:1"]')
      else redis.call('HSET', key, 'returnvalue', '{"quotient":"1"}') end
      redis.call('ZADD', base .. state, at, id)
    end
  end`;

/** Tasks in a state as a worker leaves them, straight into Redis. */
export async function stateTasks(
  redis: Redis,
  state: 'completed' | 'failed' | 'wait',
  count: number,
): Promise<void> {
  const now = Date.now();
  for (let from = 0; from < count; from += AT_ONCE) {
    const ids = Array.from({ length: Math.min(AT_ONCE, count - from) }, () => newTaskId(now - 3_600_000));
    await redis.eval(ADD, 1, 'roost:default:', state, now, ...ids);
  }
}

/** Calls of each command of Redis since it started, also by scripts. */
export async function commandStats(redis: Redis): Promise<Map<string, { calls: number; us: number }>> {
  const stats = parseInfo(await redis.info('commandstats'));
  const number = (line: string, name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(line)?.[1] ?? 0);
  return new Map(
    [...stats].map(([name, line]) => [
      name.replace('cmdstat_', ''),
      { calls: number(line, 'calls'), us: number(line, 'usec') },
    ]),
  );
}
