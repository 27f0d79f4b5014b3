/*
 * Cancels a chunk of the tasks that have not started, oldest first, as FINISH_TASK does for one.
 * A job of a flow stays in its list: its parent would wait for ever.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  list: wait | prioritized | delayed
 * ARGV[2]  maximum number of jobs
 * ARGV[3]  mark: JSON with author, time and reason
 * ARGV[4]  now, ms
 * ARGV[5]  retention of cancelled jobs, ms
 * ARGV[6]  retention of cancelled jobs, count
 *
 * Answers {cancelled, skipped, remaining}.
 */
export const DRAIN_QUEUE = `
local base, list, limit, mark, now = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local source = base .. list
local isList = list == 'wait'
local ids
if isList then
  ids = redis.call('LRANGE', source, -limit, -1)
  redis.call('LTRIM', source, 0, -limit - 1)
else
  ids = redis.call('ZRANGE', source, 0, limit - 1, 'WITHSCORES')
end
local prev = list == 'delayed' and 'delayed' or 'waiting'
local set, events = base .. 'cancelled', base .. 'events'
local skipped, done, expiry = {}, 0, {}
for i = 1, #ids, isList and 1 or 2 do
  local id = ids[i]
  local key = base .. id
  local fields = redis.call('HMGET', key, 'name', 'parentKey', 'deid')
  if not fields[1] then
    if not isList then redis.call('ZREM', source, id) end
  elseif fields[2] then
    skipped[#skipped + 1] = id
  else
    if not isList then redis.call('ZREM', source, id) end
    if fields[3] and redis.call('GET', base .. 'de:' .. fields[3]) == id then
      redis.call('DEL', base .. 'de:' .. fields[3])
    end
    redis.call('HSET', key, 'roost:state', 'cancelled', 'roost:mark', mark, 'finishedOn', now)
    redis.call('HDEL', key, 'roost:held')
    redis.call('ZADD', set, now, id)
    redis.call('XADD', events, '*', 'event', 'cancelled', 'jobId', id, 'prev', prev)
    expiry[#expiry + 1] = id
    done = done + 1
  end
end
if #expiry > 0 then redis.call('ZREM', base .. 'expiry', unpack(expiry)) end
if isList and #skipped > 0 then redis.call('LPUSH', source, unpack(skipped)) end

local function forget(old)
  for _, id in ipairs(old) do
    local key = base .. id
    redis.call('ZREM', set, id)
    redis.call('DEL', key, key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
  end
end
forget(redis.call('ZRANGEBYSCORE', set, '-inf', tonumber(now) - tonumber(ARGV[5]), 'LIMIT', 0, limit))
local over = redis.call('ZCARD', set) - tonumber(ARGV[6])
if over > 0 then forget(redis.call('ZRANGE', set, 0, math.min(over, limit) - 1)) end
return { done, #skipped, isList and redis.call('LLEN', source) or redis.call('ZCARD', source) }
`;
