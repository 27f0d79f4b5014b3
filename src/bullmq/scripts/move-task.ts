/*
 * Moves a job that has not started to another managed queue, with its options, log, delay, priority and expiry.
 * It becomes the last waiting job of its priority. A job held only by a limit of its type becomes a waiting job.
 *
 * KEYS[1]  base, `prefix:queue:`
 * KEYS[2]  base of the other queue
 * ARGV[1]  job id
 * ARGV[2]  prefix
 * ARGV[3]  name of the queue
 * ARGV[4]  name of the other queue
 *
 * Answers 1, or a reason: -1 no such job, -2 already finished, -3 running, -4 part of a flow or a schedule,
 * -7 the other queue has a job with this id.
 *
 * Events: `removed` with `movedTo` in the source queue, `waiting` or `delayed` with `movedFrom` in the target queue. The
 * history recognizes the same task by these fields.
 */
export const MOVE_TASK = `
local from, to, id, prefix = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
local key, new = from .. id, to .. id
local f = redis.call('HMGET', key, 'name', 'finishedOn', 'parentKey', 'rjk', 'deid', 'priority', 'roost:held')
if not f[1] then return -1 end
if f[2] then return -2 end
if redis.call('EXISTS', key .. ':lock') == 1 then return -3 end
if f[3] or f[4] or redis.call('EXISTS', key .. ':dependencies') == 1 then return -4 end
if redis.call('EXISTS', new) == 1 then return -7 end

local prev
local due = redis.call('ZSCORE', from .. 'delayed', id)
if due then
  redis.call('ZREM', from .. 'delayed', id)
  prev = 'delayed'
elseif redis.call('ZREM', from .. 'prioritized', id) == 1 or redis.call('LREM', from .. 'wait', -1, id) == 1 then
  prev = 'waiting'
else
  -- In active (its worker is gone or about to lock it), or waiting for its children.
  return redis.call('LPOS', from .. 'active', id) and -3 or -4
end

redis.call('RENAME', key, new)
if redis.call('EXISTS', key .. ':logs') == 1 then redis.call('RENAME', key .. ':logs', new .. ':logs') end
redis.call('SREM', from .. 'stalled', id)
local expiry = redis.call('ZSCORE', from .. 'expiry', id)
if expiry then
  redis.call('ZREM', from .. 'expiry', id)
  redis.call('ZADD', to .. 'expiry', expiry, id)
end
if f[5] and redis.call('GET', from .. 'de:' .. f[5]) == id then
  redis.call('RENAMENX', from .. 'de:' .. f[5], to .. 'de:' .. f[5])
end
if f[7] and due then
  redis.call('ZREM', prefix .. ':limits:' .. f[1] .. ':held', ARGV[3] .. '/' .. id)
  redis.call('HDEL', new, 'roost:held')
  redis.call('HSET', new, 'delay', 0)
  due = nil
end

redis.call('XADD', from .. 'events', '*', 'event', 'removed', 'jobId', id, 'prev', prev, 'movedTo', ARGV[4])
if due then
  redis.call('ZADD', to .. 'delayed', due, id)
  local first = redis.call('ZRANGE', to .. 'delayed', 0, 0, 'WITHSCORES')[2]
  redis.call('ZADD', to .. 'marker', tonumber(first) / 0x1000, '1')
  redis.call('XADD', to .. 'events', '*', 'event', 'delayed', 'jobId', id,
    'delay', string.format('%.0f', math.floor(tonumber(due) / 0x1000)), 'movedFrom', ARGV[3])
  return 1
end
local priority = tonumber(f[6] or 0)
if priority > 0 then
  local counter = redis.call('INCR', to .. 'pc')
  redis.call('ZADD', to .. 'prioritized', priority * 0x100000000 + counter % 0x100000000, id)
else
  redis.call('LPUSH', to .. 'wait', id)
end
local meta = redis.call('HMGET', to .. 'meta', 'paused', 'concurrency')
local full = meta[2] and redis.call('LLEN', to .. 'active') >= tonumber(meta[2])
if not meta[1] and not full then redis.call('ZADD', to .. 'marker', 0, '0') end
redis.call('XADD', to .. 'events', '*', 'event', 'waiting', 'jobId', id, 'prev', prev, 'movedFrom', ARGV[3])
return 1
`;
