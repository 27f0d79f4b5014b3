/*
 * Lets a chunk of the delayed jobs run now, those due first first. BullMQ's own promoteJobs forgets their priorities.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  how many
 *
 * Answers how many were moved. Events: `waiting` for each.
 */
export const PROMOTE_DELAYED = `
local base = KEYS[1]
local delayed = base .. 'delayed'
local ids = redis.call('ZRANGE', delayed, 0, tonumber(ARGV[1]) - 1)
if #ids == 0 then return 0 end
redis.call('ZREM', delayed, unpack(ids))
for _, id in ipairs(ids) do
  local key = base .. id
  local priority = tonumber(redis.call('HGET', key, 'priority') or 0)
  if priority > 0 then
    local counter = redis.call('INCR', base .. 'pc')
    redis.call('ZADD', base .. 'prioritized', priority * 0x100000000 + counter % 0x100000000, id)
  else
    redis.call('LPUSH', base .. 'wait', id)
  end
  redis.call('HSET', key, 'delay', 0)
  redis.call('XADD', base .. 'events', '*', 'event', 'waiting', 'jobId', id, 'prev', 'delayed')
end
local held = redis.call('HMGET', base .. 'meta', 'paused', 'concurrency')
local full = held[2] and redis.call('LLEN', base .. 'active') >= tonumber(held[2])
if not held[1] and not full then redis.call('ZADD', base .. 'marker', 0, '0') end
return #ids
`;
