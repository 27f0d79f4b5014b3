/*
 * Stores the new progress and log lines of a running job, and the record of its attempt.
 * Requires the lock: a worker that lost the job cannot overwrite its successor.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  job id
 * ARGV[2]  lock token
 * ARGV[3]  progress as JSON, or '' for none
 * ARGV[4]  field of this attempt and ARGV[5] its JSON, written once
 * ARGV[6]  maximum number of stored log lines
 * then     log lines as JSON
 *
 * Answers 1, or 0 if the caller does not hold the lock. Events: `progress` with data, `log` with the total count.
 */
export const REPORT_TASK = `
local base, id = KEYS[1], ARGV[1]
local key = base .. id
if redis.call('GET', key .. ':lock') ~= ARGV[2] then return 0 end
redis.call('HSETNX', key, ARGV[4], ARGV[5])
local events = base .. 'events'
if #ARGV > 6 then
  redis.call('RPUSH', key .. ':logs', unpack(ARGV, 7))
  redis.call('LTRIM', key .. ':logs', -tonumber(ARGV[6]), -1)
  local count = redis.call('HINCRBY', key, 'roost:logs', #ARGV - 6)
  redis.call('XADD', events, '*', 'event', 'log', 'jobId', id, 'count', count)
end
if ARGV[3] ~= '' then
  redis.call('HSET', key, 'progress', ARGV[3])
  redis.call('XADD', events, '*', 'event', 'progress', 'jobId', id, 'data', ARGV[3])
end
return 1
`;
