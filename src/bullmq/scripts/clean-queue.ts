/*
 * Removes a chunk of the finished jobs of one state permanently, oldest first.
 *
 * KEYS[1]  base, `prefix:queue:`
 * ARGV[1]  state: completed | failed | cancelled | expired
 * ARGV[2]  maximum number of jobs
 * ARGV[3]  latest finish time, ms
 *
 * Answers the number of removed jobs. Events: `removed` for each.
 */
export const CLEAN_QUEUE = `
local base, state = KEYS[1], ARGV[1]
local set = base .. state
local ids = redis.call('ZRANGEBYSCORE', set, '-inf', ARGV[3], 'LIMIT', 0, ARGV[2])
if #ids == 0 then return 0 end
for _, id in ipairs(ids) do
  local key = base .. id
  redis.call('DEL', key, key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
  redis.call('XADD', base .. 'events', '*', 'event', 'removed', 'jobId', id, 'prev', state)
end
redis.call('ZREM', set, unpack(ids))
return #ids
`;
