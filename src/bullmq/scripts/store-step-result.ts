/*
 * Stores the result of a step (`ctx.once`) in the job's hash, so that it is removed with the job. The first result wins:
 * if two attempts run the same step at once, both continue with the first result.
 * Requires no lock: a step done by a worker that has since lost the job must not be repeated either.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  job id
 * ARGV[2]  field
 * ARGV[3]  result as JSON
 * ARGV[4]  maximum size of all results of a job together, bytes
 *
 * Answers {1, the stored result}, {0} if the job no longer exists, {-1} if the results exceed the limit.
 */
export const STORE_STEP_RESULT = `
local key = KEYS[1] .. ARGV[1]
if redis.call('HEXISTS', key, 'name') == 0 then return { 0 } end
local earlier = redis.call('HGET', key, ARGV[2])
if earlier then return { 1, earlier } end
local bytes = tonumber(redis.call('HGET', key, 'roost:once') or 0) + #ARGV[2] + #ARGV[3]
if bytes > tonumber(ARGV[4]) then return { -1 } end
redis.call('HSET', key, ARGV[2], ARGV[3], 'roost:once', bytes)
return { 1, ARGV[3] }
`;
