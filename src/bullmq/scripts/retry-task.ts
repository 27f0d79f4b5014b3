/*
 * Moves a failed, cancelled or expired job back to the end of its queue with all its attempts.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  job id
 * ARGV[2]  now, ms
 * ARGV[3]  new data (without an expiry that has passed), or '' to leave the data unchanged
 * ARGV[4]  field of the attempt that just ended, or '', and ARGV[5] its JSON. It replaces the stored attempt, unless the
 *          task has been retried and has started again since the caller read it.
 *
 * Answers 1, or a reason: -1 no such job, -2 not in one of these states.
 */
export const RETRY_TASK = `
local base, id = KEYS[1], ARGV[1]
local key = base .. id
if redis.call('EXISTS', key) == 0 then return -1 end
local prev
for _, state in ipairs({ 'failed', 'cancelled', 'expired' }) do
  if redis.call('ZREM', base .. state, id) == 1 then prev = state end
end
if not prev then return -2 end
redis.call('HDEL', key, 'finishedOn', 'processedOn', 'failedReason', 'returnvalue', 'progress', 'defa', 'stc',
  'roost:state', 'roost:mark', 'roost:cancel', 'roost:error', 'roost:postponed')
redis.call('HSET', key, 'atm', 0, 'delay', 0, 'roost:queued', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', key, 'data', ARGV[3]) end
if ARGV[4] ~= '' and ARGV[4] == 'roost:attempt:' .. (redis.call('HGET', key, 'ats') or '') then
  redis.call('HSET', key, ARGV[4], ARGV[5])
end

local priority = tonumber(redis.call('HGET', key, 'priority') or 0)
if priority > 0 then
  local counter = redis.call('INCR', base .. 'pc')
  redis.call('ZADD', base .. 'prioritized', priority * 0x100000000 + counter % 0x100000000, id)
else
  redis.call('LPUSH', base .. 'wait', id)
end
local meta = redis.call('HMGET', base .. 'meta', 'paused', 'concurrency')
local full = meta[2] and redis.call('LLEN', base .. 'active') >= tonumber(meta[2])
if not meta[1] and not full then redis.call('ZADD', base .. 'marker', 0, '0') end
redis.call('XADD', base .. 'events', '*', 'event', 'waiting', 'jobId', id, 'prev', prev)
return 1
`;
