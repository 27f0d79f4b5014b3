/*
 * Notes on a running job that it is to be cancelled, so that it is not run again whatever becomes of its worker.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  job id
 * ARGV[2]  mark: JSON of who, when, why
 *
 * Answers 1, or why not: -1 no such job, -2 finished already, -5 it does not run.
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
