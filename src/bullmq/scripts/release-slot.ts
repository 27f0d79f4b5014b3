import { LIMIT_WAITLIST } from './limit-waitlist.js';

/*
 * Releases the slot of a finished task and promotes the next task in the waitlist.
 *
 * KEYS[1]  `prefix:limits`, the overrides by type
 * KEYS[2]  `prefix:limits:<type>:`
 * ARGV[1]  prefix
 * ARGV[2]  type
 * ARGV[3]  `queue/id`
 */
export const RELEASE_SLOT = `${LIMIT_WAITLIST}
local slots, held = KEYS[2] .. 'slots', KEYS[2] .. 'held'
local now = redis_now()
redis.call('ZREM', slots, ARGV[3])
local limit = limits_of(KEYS[1], ARGV[2], now)
if not limit.concurrency then return 0 end
local room = limit.concurrency - redis.call('ZCOUNT', slots, '(' .. now, '+inf')
if room > redis.call('ZCOUNT', held, now - 30000, now) then call_next(held, ARGV[1], now) end
return 1
`;
