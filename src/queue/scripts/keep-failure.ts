/*
 * Keeps how an attempt failed in the job's record, if there is one: a Redis that lost its last second may not know the
 * job any more, and half a record would stand in the way of the same job handed in again.
 *
 * KEYS[1]  the job's key
 * ARGV     fields and values
 */
export const KEEP_FAILURE = `
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV))
return 1
`;
