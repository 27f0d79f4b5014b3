import type { Redis } from 'ioredis';

/*
 * KEYS[1]  base, `prefix:queue:`
 *
 * Answers with what is there by half, of one moment: ids in a set or list without their record, and records that are
 * in none or in several.
 */
const HALF_TASKS = `
local base = KEYS[1]
local places = {}
for _, name in ipairs({ 'wait', 'active', 'paused' }) do
  for _, id in ipairs(redis.call('LRANGE', base .. name, 0, -1)) do places[id] = (places[id] and places[id] .. ' ' or '') .. name end
end
for _, name in ipairs({ 'prioritized', 'delayed', 'completed', 'failed', 'cancelled', 'expired', 'waiting-children' }) do
  for _, id in ipairs(redis.call('ZRANGE', base .. name, 0, -1)) do places[id] = (places[id] and places[id] .. ' ' or '') .. name end
end
local half = {}
for id, names in pairs(places) do
  if redis.call('HEXISTS', base .. id, 'name') == 0 then half[#half + 1] = id .. ' has no record, but is in ' .. names end
  if string.find(names, ' ') then half[#half + 1] = id .. ' is in ' .. names end
end
for _, key in ipairs(redis.call('KEYS', base .. '*')) do
  local id = string.sub(key, #base + 1)
  if #id == 26 and not string.find(id, ':', 1, true) and not places[id] then half[#half + 1] = id .. ' is in no set' end
end
return half
`;

/** Tasks that are there by half: a record without its place in a queue, or the reverse. */
export async function halfTasks(redis: Redis, queue = 'default'): Promise<string[]> {
  return (await redis.eval(HALF_TASKS, 1, `roost:${queue}:`)) as string[];
}
