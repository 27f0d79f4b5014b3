/*
 * Moves an unfinished job to a final state that BullMQ does not have: `cancelled` or `expired`.
 * The job's hash stays; the sorted set `prefix:queue:<state>` contains its id, like BullMQ's `failed`.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  job id
 * ARGV[2]  state
 * ARGV[3]  mark: JSON with author, time and reason
 * ARGV[4]  now, ms
 * ARGV[5]  lock token of the worker that runs it, or '' to finish it only if it is not running
 * ARGV[6]  retention, ms
 * ARGV[7]  retention, count
 *
 * Answers 1, or a reason: -1 no such job, -2 already finished, -3 running, -4 part of a flow or a schedule,
 * -6 another worker holds the lock.
 *
 * Events: the name of the state, with jobId and prev.
 */
export const FINISH_TASK = `
local base, id, state, mark, now, token = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = base .. id
if redis.call('EXISTS', key) == 0 then return -1 end
local fields = redis.call('HMGET', key, 'finishedOn', 'parentKey', 'deid', 'rjk')
if fields[1] then return -2 end
if fields[2] then return -4 end

local prev
local lock = redis.call('GET', key .. ':lock')
if token ~= '' then
  if lock ~= token then return -6 end
  redis.call('LREM', base .. 'active', 1, id)
  redis.call('DEL', key .. ':lock')
  prev = 'active'
else
  if lock then return -3 end
  if fields[4] and redis.call('ZSCORE', base .. 'repeat', fields[4]) then return -4 end
  if redis.call('ZREM', base .. 'delayed', id) == 1 then prev = 'delayed'
  elseif redis.call('ZREM', base .. 'prioritized', id) == 1 then prev = 'waiting'
  -- In active without a lock: its worker is gone and the stall check has not run yet.
  elseif redis.call('LREM', base .. 'active', 1, id) == 1 then prev = 'active'
  elseif redis.call('LREM', base .. 'wait', -1, id) == 1 then prev = 'waiting'
  else return -4 end
end
redis.call('SREM', base .. 'stalled', id)
redis.call('ZREM', base .. 'expiry', id)
if fields[3] and redis.call('GET', base .. 'de:' .. fields[3]) == id then
  redis.call('DEL', base .. 'de:' .. fields[3])
end

redis.call('HSET', key, 'roost:state', state, 'roost:mark', mark, 'finishedOn', now)
local set = base .. state
redis.call('ZADD', set, now, id)
redis.call('XADD', base .. 'events', '*', 'event', state, 'jobId', id, 'prev', prev)

local function forget(ids)
  for _, old in ipairs(ids) do
    redis.call('ZREM', set, old)
    redis.call('DEL', base .. old, base .. old .. ':logs', base .. old .. ':dependencies', base .. old .. ':processed',
      base .. old .. ':failed', base .. old .. ':unsuccessful')
  end
end
forget(redis.call('ZRANGEBYSCORE', set, '-inf', tonumber(now) - tonumber(ARGV[6]), 'LIMIT', 0, 100))
local over = redis.call('ZCARD', set) - tonumber(ARGV[7])
if over > 0 then forget(redis.call('ZRANGE', set, 0, math.min(over, 100) - 1)) end
return 1
`;
