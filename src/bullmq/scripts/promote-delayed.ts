/*
 * Promotes a chunk of the delayed jobs, in the order of their due times. BullMQ's own promoteJobs loses their priorities.
 * The next runs of schedules stay delayed: a promoted one would replace the run that is due.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  maximum number of jobs
 *
 * Answers the number of promoted jobs. Events: `waiting` for each.
 */
export const PROMOTE_DELAYED = `
local base = KEYS[1]
local delayed = base .. 'delayed'
local wanted = tonumber(ARGV[1])
local ids = {}
for _, id in ipairs(redis.call('ZRANGE', delayed, 0, wanted - 1 + redis.call('ZCARD', base .. 'repeat'))) do
  local schedule = redis.call('HGET', base .. id, 'rjk')
  if not (schedule and redis.call('ZSCORE', base .. 'repeat', schedule)) then ids[#ids + 1] = id end
  if #ids == wanted then break end
end
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
