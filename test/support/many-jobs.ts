import type { Redis } from 'ioredis';

/** Jobs as BullMQ writes them, straight into Redis: through its door a hundred thousand of them take most of a minute. */
export async function addManyJobs(redis: Redis, list: 'wait' | 'delayed', count: number): Promise<void> {
  const script = `
    for i = tonumber(ARGV[2]), tonumber(ARGV[2]) + tonumber(ARGV[3]) - 1 do
      local id = 'many-' .. i
      redis.call('HSET', KEYS[1] .. id, 'name', 'divide', 'data', '{"roost":1,"input":{"x":1,"y":2}}', 'opts', '{"attempts":0}',
        'timestamp', ARGV[4], 'delay', 0, 'priority', 0)
      if ARGV[1] == 'wait' then redis.call('LPUSH', KEYS[1] .. 'wait', id)
      else redis.call('ZADD', KEYS[1] .. 'delayed', (ARGV[4] + 3600000 + i) * 4096, id) end
    end`;
  const now = Date.now();
  for (let from = 0; from < count; from += 5000)
    await redis.eval(script, 1, 'roost:default:', list, from, Math.min(5000, count - from), now);
}
