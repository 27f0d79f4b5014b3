/*
 * Removes a settled job for good.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  job id
 *
 * Answers 1, or why not: -1 no such job, -2 it is not settled.
 */
export const FORGET_TASK = `
local base, id = KEYS[1], ARGV[1]
local key = base .. id
if redis.call('EXISTS', key) == 0 then return -1 end
local prev
for _, state in ipairs({ 'completed', 'failed', 'cancelled', 'expired' }) do
  if redis.call('ZREM', base .. state, id) == 1 then prev = state end
end
if not prev then return -2 end
redis.call('DEL', key, key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
redis.call('XADD', base .. 'events', '*', 'event', 'removed', 'jobId', id, 'prev', prev)
return 1
`;
