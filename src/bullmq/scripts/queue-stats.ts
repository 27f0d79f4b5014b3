/*
 * Reads the counts per state and the oldest waiting job of one queue in constant time.
 *
 * KEYS[1]  base, `prefix:queue:`
 *
 * Answers {waiting, delayed, waiting-children, active, completed, failed, cancelled, expired, waiting since (ms, 0 for none),
 * paused 0/1}.
 * Prioritized jobs are sorted by priority first, so that their age is the age of the next one to run.
 */
export const QUEUE_STATS = `
local base = KEYS[1]
local function since(id)
  if not id then return 0 end
  local f = redis.call('HMGET', base .. id, 'timestamp', 'opts', 'roost:queued', 'processedOn')
  local ok, opts = pcall(cjson.decode, f[2] or '{}')
  local delay = ok and type(opts) == 'table' and tonumber(opts['delay']) or 0
  -- The wait began at the latest of: the end of the delay, a retry, an earlier start.
  return math.max((tonumber(f[1]) or 0) + delay, tonumber(f[3]) or 0, tonumber(f[4]) or 0)
end
local a = since(redis.call('LINDEX', base .. 'wait', -1))
local b = since(redis.call('ZRANGE', base .. 'prioritized', 0, 0)[1])
local oldest = a
if a == 0 or (b > 0 and b < a) then oldest = b end
return {
  redis.call('LLEN', base .. 'wait') + redis.call('ZCARD', base .. 'prioritized'),
  redis.call('ZCARD', base .. 'delayed'),
  redis.call('ZCARD', base .. 'waiting-children'),
  redis.call('LLEN', base .. 'active'),
  redis.call('ZCARD', base .. 'completed'),
  redis.call('ZCARD', base .. 'failed'),
  redis.call('ZCARD', base .. 'cancelled'),
  redis.call('ZCARD', base .. 'expired'),
  tostring(oldest),
  redis.call('HEXISTS', base .. 'meta', 'paused')
}
`;
