/*
 * Waitlist of the tasks that a limit of their type holds, the sorted set `prefix:limits:<type>:held`: `queue/id` scored by
 * the time of their next try (ms). A task whose time has passed, or that was promoted, is on its way to a worker.
 *
 * Lua shared by the scripts of limits: `call_next(held, prefix, now)` promotes the first task that still waits.
 */
export const LIMIT_WAITLIST = `
local function split(member)
  local queue, id = string.match(member, '^([^/]*)/(.*)$')
  return queue, id
end

local function to_wait(base, id, first)
  if redis.call('ZREM', base .. 'delayed', id) == 0 then return false end
  local priority = tonumber(redis.call('HGET', base .. id, 'priority') or 0)
  if priority > 0 then
    local counter = redis.call('INCR', base .. 'pc')
    redis.call('ZADD', base .. 'prioritized', priority * 0x100000000 + counter % 0x100000000, id)
  else
    redis.call(first and 'RPUSH' or 'LPUSH', base .. 'wait', id)
  end
  redis.call('HSET', base .. id, 'delay', 0)
  redis.call('XADD', base .. 'events', '*', 'event', 'waiting', 'jobId', id, 'prev', 'delayed')
  local stop = redis.call('HMGET', base .. 'meta', 'paused', 'concurrency')
  local full = stop[2] and redis.call('LLEN', base .. 'active') >= tonumber(stop[2])
  if not stop[1] and not full then redis.call('ZADD', base .. 'marker', 0, '0') end
  return true
end

local function call_next(held, prefix, now)
  -- Cancelled or moved tasks may still be in the waitlist; they are removed.
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', held, '(' .. now, '+inf', 'LIMIT', 0, 50)) do
    local queue, id = split(member)
    if to_wait(prefix .. ':' .. queue .. ':', id, true) then
      redis.call('ZADD', held, now, member)
      return true
    end
    redis.call('ZREM', held, member)
  end
  return false
end

-- Current limits of a type: {concurrency, max, perMs, over}; over is their end, ms.
local function limits_of(hash, name, now)
  local json = redis.call('HGET', hash, name)
  if not json then return {} end
  local ok, found = pcall(cjson.decode, json)
  if not ok or type(found) ~= 'table' then return {} end
  local over = tonumber(found['until'])
  if over and over <= now then return {} end
  local rate = type(found.rate) == 'table' and found.rate or {}
  local concurrency = type(found.concurrency) == 'number' and found.concurrency or nil
  return { concurrency = concurrency, max = rate.max, perMs = rate.perMs, over = over }
end

local function redis_now()
  local clock = redis.call('TIME')
  return clock[1] * 1000 + math.floor(clock[2] / 1000)
end
`;
