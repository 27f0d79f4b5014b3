/*
 * Keeps what a handler did once (`ctx.once`) in the job's own hash, so that it goes when the job goes. The first one
 * kept stays: of two attempts that did the same at once, both go on with what the first of them has.
 * No lock is asked for: also what a worker did that has lost the job since was done, and is not to be done again.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  job id
 * ARGV[2]  field
 * ARGV[3]  result as JSON
 * ARGV[4]  most bytes of all results of a job together
 *
 * Answers {1, the result that is kept}, {0} where there is no such job any more, {-1} where it is over the limit.
 */
export const KEEP_RESULT = `
local key = KEYS[1] .. ARGV[1]
if redis.call('HEXISTS', key, 'name') == 0 then return { 0 } end
local earlier = redis.call('HGET', key, ARGV[2])
if earlier then return { 1, earlier } end
local bytes = tonumber(redis.call('HGET', key, 'roost:once') or 0) + #ARGV[2] + #ARGV[3]
if bytes > tonumber(ARGV[4]) then return { -1 } end
redis.call('HSET', key, ARGV[2], ARGV[3], 'roost:once', bytes)
return { 1, ARGV[3] }
`;
