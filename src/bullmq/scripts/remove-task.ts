/*
 * Removes a finished or not yet started job permanently. BullMQ's own `remove` also removes the jobs of a flow. This script
 * refuses a job with a waiting parent or pending children, and the next run of a schedule, which would end the schedule.
 * BullMQ before 6 stores the jobs of a paused queue in 'paused'.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  job id
 *
 * Answers 1, or a reason: -1 no such job, -3 running, -4 part of a flow or a schedule.
 */
export const REMOVE_TASK = `
local base, id = KEYS[1], ARGV[1]
local key = base .. id
local f = redis.call('HMGET', key, 'name', 'finishedOn', 'parentKey', 'rjk', 'deid')
if not f[1] then return -1 end
if redis.call('EXISTS', key .. ':lock') == 1 then return -3 end
-- pcall: an ACL may forbid the keys of the parent.
if f[3] and redis.pcall('SISMEMBER', f[3] .. ':dependencies', key) == 1 then return -4 end
local prev
for _, state in ipairs({ 'completed', 'failed', 'cancelled', 'expired' }) do
  if redis.call('ZREM', base .. state, id) == 1 then prev = state end
end
if not prev then
  if f[4] and redis.call('ZSCORE', base .. 'repeat', f[4]) then return -4 end
  if redis.call('EXISTS', key .. ':dependencies') == 1 or redis.call('ZSCORE', base .. 'waiting-children', id) then return -4 end
  if redis.call('ZREM', base .. 'delayed', id) == 1 then prev = 'delayed'
  elseif redis.call('ZREM', base .. 'prioritized', id) == 1 or redis.call('LREM', base .. 'wait', -1, id) == 1
    or redis.call('LREM', base .. 'paused', -1, id) == 1 then
    prev = 'waiting'
  elseif redis.call('LPOS', base .. 'active', id) then return -3
  -- In no list: no worker will ever run it.
  else prev = 'waiting' end
end
redis.call('SREM', base .. 'stalled', id)
redis.call('ZREM', base .. 'expiry', id)
if f[5] and redis.call('GET', base .. 'de:' .. f[5]) == id then redis.call('DEL', base .. 'de:' .. f[5]) end
redis.call('DEL', key, key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
redis.call('XADD', base .. 'events', '*', 'event', 'removed', 'jobId', id, 'prev', prev)
return 1
`;
