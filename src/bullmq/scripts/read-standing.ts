/** List entries scanned for a job, from the front: well under 1 ms of Redis's time. */
export const MAX_SCANNED_PLACES = 10_000;
/** Children whose own state is read. */
export const MAX_SCANNED_CHILDREN = 500;
/** Children listed by name, for each of failed, gone and pending. */
const MAX_NAMED_CHILDREN = 20;

/*
 * Reads from BullMQ's own keys why an unfinished job of any program does not run, and which commands are safe for it.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  job id
 *
 * Answers nil if the job does not exist, else
 * {place (set or list that contains it, '' for none), ahead (jobs before it; -1: beyond the scanned entries),
 *  paused, concurrency, rate limit, its duration, version of BullMQ, starts counted by the rate limiter, rest of its window in ms,
 *  active, parent key, key of its schedule ('' if the schedule no longer exists), reason for which it will fail,
 *  parent waits for it (0/1), locked (0/1), children pending, done, failed and ignored, failed and fatal,
 *  children failed and gone among the scanned ones,
 *  {kind, key, name, reason, ...} of the children listed by name; kind is 'failed', 'gone', 'pending' or 'unknown'}.
 */
export const READ_STANDING = `
local base, id = KEYS[1], ARGV[1]
local key = base .. id
local f = redis.call('HMGET', key, 'name', 'parentKey', 'rjk', 'defa', 'priority')
if not f[1] then return false end

local function size(command, set)
  local n = redis.pcall(command, set)
  return type(n) == 'number' and n or 0
end
local function place_in(list)
  local at = redis.pcall('LPOS', list, id, 'RANK', -1, 'MAXLEN', ${MAX_SCANNED_PLACES})
  return type(at) == 'number' and size('LLEN', list) - 1 - at or nil
end

local place, ahead = '', 0
local waiting = size('LLEN', base .. 'wait')
for _, set in ipairs({ 'delayed', 'waiting-children', 'completed', 'failed', 'cancelled', 'expired', 'prioritized' }) do
  local score = redis.pcall('ZSCORE', base .. set, id)
  if type(score) == 'string' then place = set break end
end
if place == 'prioritized' then ahead = waiting + redis.call('ZRANK', base .. place, id)
elseif place == '' then
  for _, list in ipairs({ 'wait', 'paused', 'active' }) do
    local before = place_in(base .. list)
    if before then place, ahead = list, before break end
  end
  if place == '' and math.max(waiting, size('LLEN', base .. 'paused')) > ${MAX_SCANNED_PLACES} then place, ahead = 'wait', -1 end
end

local meta = redis.call('HMGET', base .. 'meta', 'paused', 'concurrency', 'max', 'duration', 'version')
local starts = redis.pcall('GET', base .. 'limiter')
local rest = redis.pcall('PTTL', base .. 'limiter')
local schedule = f[3] and redis.call('ZSCORE', base .. 'repeat', f[3]) and f[3] or ''
local isAwaited = 0
if f[2] then
  local member = redis.pcall('SISMEMBER', f[2] .. ':dependencies', key)
  if member == 1 then isAwaited = 1 end
end

local pending = size('SCARD', key .. ':dependencies')
local listed, failed, gone = {}, 0, 0
local function add_child(kind, child, name, reason)
  listed[#listed + 1] = kind
  listed[#listed + 1] = child
  listed[#listed + 1] = name or ''
  listed[#listed + 1] = reason and string.sub(reason, 1, 300) or ''
end
if pending > 0 then
  local others = {}
  for _, child in ipairs(redis.call('SRANDMEMBER', key .. ':dependencies', ${MAX_SCANNED_CHILDREN})) do
    local c = redis.pcall('HMGET', child, 'name', 'finishedOn', 'failedReason')
    if c.err then others[#others + 1] = { 'unknown', child }
    elseif not c[1] then
      gone = gone + 1
      if gone <= ${MAX_NAMED_CHILDREN} then add_child('gone', child) end
    elseif c[2] then
      failed = failed + 1
      if failed <= ${MAX_NAMED_CHILDREN} then add_child('failed', child, c[1], c[3]) end
    else others[#others + 1] = { 'pending', child, c[1] } end
  end
  for i = 1, math.min(#others, ${MAX_NAMED_CHILDREN}) do add_child(unpack(others[i])) end
end

return {
  place, ahead, meta[1] or '', meta[2] or '', meta[3] or '', meta[4] or '', meta[5] or '',
  type(starts) == 'string' and starts or '', type(rest) == 'number' and rest or 0, size('LLEN', base .. 'active'),
  f[2] or '', schedule, f[4] or '', isAwaited, redis.call('EXISTS', key .. ':lock'),
  pending, size('HLEN', key .. ':processed'), size('HLEN', key .. ':failed'), size('ZCARD', key .. ':unsuccessful'),
  failed, gone, listed
}
`;
