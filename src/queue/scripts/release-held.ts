import { HELD_LINE } from './held-line.js';

/*
 * Lets a chunk of a type's held tasks try again now: their limit has changed.
 *
 * KEYS[1]  `prefix:limits:<type>:`
 * ARGV[1]  prefix
 * ARGV[2]  how many
 *
 * Answers how many left the line.
 */
export const RELEASE_HELD = `${HELD_LINE}
local popped = redis.call('ZPOPMIN', KEYS[1] .. 'held', ARGV[2])
for i = 1, #popped, 2 do
  local queue, id = split(popped[i])
  to_wait(ARGV[1] .. ':' .. queue .. ':', id, false)
end
return #popped / 2
`;
