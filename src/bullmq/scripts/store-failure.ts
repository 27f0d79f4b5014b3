/*
 * Stores the failure of an attempt in the job's hash if the job exists. After a Redis that lost its last second the job
 * may be missing, and a partial hash would block a new submission of the same id. Requires the lock: a worker that lost
 * the job cannot overwrite its successor.
 *
 * KEYS[1]  the job's key
 * ARGV[1]  lock token
 * then     fields and values
 *
 * Answers 1, or 0 if the job does not exist or the caller does not hold the lock.
 */
export const STORE_FAILURE = `
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('GET', KEYS[1] .. ':lock') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
`;
