/*
 * Marks a running job for cancellation, so that it does not run again even if its worker dies.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  job id
 * ARGV[2]  mark: JSON with author, time and reason
 *
 * Answers 1, or a reason: -1 no such job, -2 already finished, -5 not running.
 */
export const REQUEST_CANCEL = `
local base, id = KEYS[1], ARGV[1]
local key = base .. id
if redis.call('EXISTS', key) == 0 then return -1 end
if redis.call('HEXISTS', key, 'finishedOn') == 1 then return -2 end
if redis.call('EXISTS', key .. ':lock') == 0 and not redis.call('LPOS', base .. 'active', id) then return -5 end
redis.call('HSET', key, 'roost:cancel', ARGV[2])
return 1
`;
