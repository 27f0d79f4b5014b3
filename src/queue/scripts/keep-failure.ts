/*
 * Keeps how an attempt failed in the job's record, if there is one: a Redis that lost its last second may not know the
 * job any more, and half a record would stand in the way of the same job handed in again. Only the holder of the lock is
 * heard: a worker that lost the job cannot write over its successor.
 *
 * KEYS[1]  the job's key
 * ARGV[1]  lock token
 * then     fields and values
 *
 * Answers 1, or 0 where there is no such job or the lock is not the caller's.
 */
export const KEEP_FAILURE = `
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('GET', KEYS[1] .. ':lock') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
`;
