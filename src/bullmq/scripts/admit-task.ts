import { LIMIT_WAITLIST } from './limit-waitlist.js';

/*
 * Decides whether a job that a worker has just fetched may run under the limits of its type. If not, the job is held:
 * moved to `delayed` until its estimated start, without using an attempt, and added to the waitlist of its type.
 *
 * The rate is an exact sliding window: of the last `max` starts the oldest must be `perMs` ago. Slots are leases, so that
 * the slots of a dead worker expire. Tasks in the waitlist go first; a new task queues behind them.
 *
 * KEYS[1]  base, `prefix:queue:`
 * KEYS[2]  `prefix:limits`, the overrides by type
 * KEYS[3]  `prefix:limits:<type>:`
 * ARGV[1]  prefix
 * ARGV[2]  type
 * ARGV[3]  queue
 * ARGV[4]  job id
 * ARGV[5]  lock token
 * ARGV[6]  lease of a slot, ms
 *
 * Answers {'go', has a slot 0/1}, {'held', until ms, 'rate' or 'concurrency'}, or {'lost'} if the caller does not hold the lock.
 */
export const ADMIT_TASK = `${LIMIT_WAITLIST}
local base, own = KEYS[1], KEYS[3]
local prefix, name, queue, id, token, lease = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local job, me = base .. id, queue .. '/' .. id
local slots, starts, held = own .. 'slots', own .. 'starts', own .. 'held'
local now = redis_now()
if redis.call('GET', job .. ':lock') ~= token then return { 'lost' } end
local limit = limits_of(KEYS[2], name, now)

local function go()
  if limit.concurrency then redis.call('ZADD', slots, now + lease, me) end
  if limit.max then
    redis.call('LPUSH', starts, now)
    redis.call('LTRIM', starts, 0, limit.max - 1)
    redis.call('PEXPIRE', starts, limit.perMs + 1000)
  end
  redis.call('ZREM', held, me)
  redis.call('HDEL', job, 'roost:held')
  return { 'go', limit.concurrency and 1 or 0 }
end

local room, why = 1e9, nil
if limit.concurrency then
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
  if not redis.call('ZSCORE', slots, me) then room = limit.concurrency - redis.call('ZCARD', slots) end
  if room < 1 then why = 'concurrency' end
end
if limit.max then
  local starting = 0
  while starting < 50 do
    local at = redis.call('LINDEX', starts, limit.max - 1 - starting)
    if starting >= limit.max or (at and tonumber(at) + limit.perMs > now) then break end
    starting = starting + 1
  end
  if starting < 1 then why = why or 'rate' end
  room = math.min(room, starting)
end
if room == 1e9 then return go() end

-- Long overdue members: removed tasks, or tasks in a queue that does not run.
redis.call('ZREMRANGEBYSCORE', held, '-inf', now - 30000)
local mine = redis.call('ZSCORE', held, me)
local last
if not mine then
  -- Members at the back of the waitlist may have been cancelled or promoted by a user.
  for _ = 1, 1000 do
    local back = redis.call('ZREVRANGE', held, 0, 0, 'WITHSCORES')
    if not back[1] then break end
    last = tonumber(back[2])
    local q, i = split(back[1])
    if last <= now or redis.call('ZSCORE', prefix .. ':' .. q .. ':delayed', i) then break end
    redis.call('ZREM', held, back[1])
    last = nil
  end
end
local line = redis.call('ZCARD', held)
if room >= 1 and (mine or room > line) then return go() end
if room >= 1 then
  why = limit.max and 'rate' or 'concurrency'
  if room > redis.call('ZCOUNT', held, '-inf', now) then call_next(held, prefix, now) end
end

local at
if why == 'concurrency' then
  -- A released slot promotes the next member; the time serves only if the worker of a slot died.
  at = mine and now + 5000 or math.max(last or 0, now + 15000) + 5
else
  -- The job can start perMs after a certain earlier start, which is known or estimated from a known one.
  local before = mine and redis.call('ZRANK', held, me) or redis.call('ZCARD', held)
  local known = redis.call('LINDEX', starts, limit.max - 1 - before % limit.max)
  local windows = math.floor(before / limit.max) + 1
  -- Adds 3 ms per window, because a worker needs some ms to fetch the task.
  at = (tonumber(known) or now - limit.perMs) + windows * (limit.perMs + 3)
end
at = math.ceil(math.max(now + 1, math.min(at, limit.over or at)))

if redis.call('LREM', base .. 'active', -1, id) == 0 then return { 'lost' } end
redis.call('DEL', job .. ':lock')
redis.call('SREM', base .. 'stalled', id)
-- Undoes the count of this start.
if redis.call('HINCRBY', job, 'ats', -1) < 1 then redis.call('HDEL', job, 'processedOn', 'pb') end
local since = now
local before = redis.call('HGET', job, 'roost:held')
if before then
  local ok, found = pcall(cjson.decode, before)
  since = ok and type(found) == 'table' and tonumber(found.since) or now
end
redis.call('HSET', job, 'delay', at - now, 'roost:held', cjson.encode({ limit = why, since = since }))
redis.call('ZADD', held, at, me)
redis.call('ZADD', base .. 'delayed', at * 0x1000, id)
redis.call('XADD', base .. 'events', '*', 'event', 'delayed', 'jobId', id, 'delay', at, 'held', why)
local due = redis.call('ZRANGE', base .. 'delayed', 0, 0, 'WITHSCORES')[2]
redis.call('ZADD', base .. 'marker', tonumber(due) / 0x1000, '1')
return { 'held', at, why }
`;
