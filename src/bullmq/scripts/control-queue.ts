/*
 * Sets and lifts the pause, the concurrency limit and the rate limit of a queue. BullMQ stores the values in its hash
 * `meta`; the hash `control` beside it has the author, reason and end of each.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  pause | resume | concurrency | rate-limit | sweep | note
 * ARGV[2]  JSON with author and reason: {by, reason?}
 * ARGV[3]  end, ms, or '' for no end
 * ARGV[4]  alternatively the duration in ms by Redis's clock, or ''
 * ARGV[5]  concurrency: the limit, rate-limit: the number of starts, '' lifts the limit; note: the action
 * ARGV[6]  rate-limit: per ms; note: the number of changed tasks
 *
 * Every change is logged in the list `control:log`, newest first. `sweep` lifts what has ended; several processes may call
 * it at once. Answers the fields that changed.
 */
export const CONTROL_QUEUE = `
local base, action = KEYS[1], ARGV[1]
local meta, control, marker, events = base .. 'meta', base .. 'control', base .. 'marker', base .. 'events'
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function record(extra)
  local found = cjson.decode(ARGV[2])
  found.at = now
  if ARGV[4] ~= '' then found['until'] = now + tonumber(ARGV[4])
  elseif ARGV[3] ~= '' then found['until'] = tonumber(ARGV[3]) end
  for name, value in pairs(extra) do found[name] = value end
  return found
end

local function log(what, found)
  found.action = what
  redis.call('LPUSH', base .. 'control:log', cjson.encode(found))
  redis.call('LTRIM', base .. 'control:log', 0, 99)
end

-- Wakes idle workers if the queue may run.
local function wake()
  local held = redis.call('HMGET', meta, 'paused', 'concurrency')
  if held[1] or (held[2] and redis.call('LLEN', base .. 'active') >= tonumber(held[2])) then return end
  if redis.call('LLEN', base .. 'wait') + redis.call('ZCARD', base .. 'prioritized') > 0 then
    redis.call('ZADD', marker, 0, '0')
  else
    local due = redis.call('ZRANGE', base .. 'delayed', 0, 0, 'WITHSCORES')[2]
    if due then redis.call('ZADD', marker, tonumber(due) / 0x1000, '1') end
  end
end

local function lift(field)
  local had = redis.call('HDEL', control, field)
  if field == 'paused' then
    if redis.call('HDEL', meta, 'paused') == 1 then
      redis.call('XADD', events, '*', 'event', 'resumed')
      had = 1
    end
  elseif field == 'concurrency' then
    had = had + redis.call('HDEL', meta, 'concurrency')
  else
    had = had + redis.call('HDEL', meta, 'max', 'duration')
    redis.call('DEL', base .. 'limiter')
  end
  if had > 0 then wake() end
  return had > 0
end

if action == 'pause' then
  local found = record({})
  if redis.call('HSET', meta, 'paused', 1) == 1 then
    redis.call('XADD', events, '*', 'event', 'paused')
  end
  redis.call('DEL', marker)
  redis.call('HSET', control, 'paused', cjson.encode(found))
  log('pause', found)
  return { 'paused' }
end

if action == 'resume' then
  if not lift('paused') then return {} end
  log('resume', record({}))
  return { 'paused' }
end

if action == 'concurrency' then
  if ARGV[5] == '' then
    if not lift('concurrency') then return {} end
    log('concurrency', record({}))
  else
    local found = record({ value = tonumber(ARGV[5]) })
    redis.call('HSET', meta, 'concurrency', ARGV[5])
    redis.call('HSET', control, 'concurrency', cjson.encode(found))
    log('concurrency', found)
    wake()
  end
  return { 'concurrency' }
end

if action == 'rate-limit' then
  if ARGV[5] == '' then
    if not lift('rateLimit') then return {} end
    log('rate-limit', record({}))
  else
    local found = record({ max = tonumber(ARGV[5]), perMs = tonumber(ARGV[6]) })
    local was = redis.call('HMGET', meta, 'max', 'duration')
    redis.call('HSET', meta, 'max', ARGV[5], 'duration', ARGV[6])
    -- A new limit starts a new count; setting the same limit again must not admit more jobs.
    if was[1] ~= ARGV[5] or was[2] ~= ARGV[6] then redis.call('DEL', base .. 'limiter') end
    redis.call('HSET', control, 'rateLimit', cjson.encode(found))
    log('rate-limit', found)
    wake()
  end
  return { 'rateLimit' }
end

if action == 'note' then
  log(ARGV[5], record({ done = tonumber(ARGV[6]) }))
  return {}
end

local lifted = {}
local ACTIONS = { paused = 'resume', concurrency = 'concurrency', rateLimit = 'rate-limit' }
for field, name in pairs(ACTIONS) do
  local json = redis.call('HGET', control, field)
  if json then
    local ok, found = pcall(cjson.decode, json)
    local over = ok and type(found) == 'table' and tonumber(found['until'])
    if over and over <= now then
      lift(field)
      log(name, { by = 'roost', at = now, reason = 'Its end time has passed.' })
      lifted[#lifted + 1] = field
    end
  end
end
-- Samples the backlog and the finished count every 10 s, for the last 6 minutes. New tasks = finished tasks + growth of the
-- backlog.
local flow, slot = base .. 'flow', math.floor(now / 10000)
if redis.call('HEXISTS', flow, slot) == 0 then
  local backlog = redis.call('LLEN', base .. 'wait') + redis.call('ZCARD', base .. 'prioritized')
    + redis.call('ZCARD', base .. 'delayed') + redis.call('LLEN', base .. 'active')
  local finished = tonumber(redis.call('HGET', base .. 'metrics:completed', 'count') or 0)
    + tonumber(redis.call('HGET', base .. 'metrics:failed', 'count') or 0)
  redis.call('HSET', flow, slot, cjson.encode({ now, backlog, finished }))
  for _, old in ipairs(redis.call('HKEYS', flow)) do
    if tonumber(old) < slot - 36 then redis.call('HDEL', flow, old) end
  end
end
return lifted
`;
