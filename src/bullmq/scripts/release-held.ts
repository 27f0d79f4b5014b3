import { LIMIT_WAITLIST } from './limit-waitlist.js';

/*
 * Promotes a chunk of the held tasks of a type after its limit has changed.
 *
 * KEYS[1]  `prefix:limits:<type>:`
 * ARGV[1]  prefix
 * ARGV[2]  maximum number of tasks
 *
 * Answers the number of tasks removed from the waitlist.
 */
export const RELEASE_HELD = `${LIMIT_WAITLIST}
local popped = redis.call('ZPOPMIN', KEYS[1] .. 'held', ARGV[2])
for i = 1, #popped, 2 do
  local queue, id = split(popped[i])
  to_wait(ARGV[1] .. ':' .. queue .. ':', id, false)
end
return #popped / 2
`;
