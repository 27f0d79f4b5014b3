import { LIMIT_WAITLIST } from './limit-waitlist.js';

/*
 * Releases the slot of a finished task and promotes the next task in the waitlist.
 *
 * KEYS[1]  `prefix:limits`, the overrides by type
 * KEYS[2]  `prefix:limits:<type>:`
 * KEYS[3]  lock of the task
 * ARGV[1]  prefix
 * ARGV[2]  type
 * ARGV[3]  `queue/id`
 * ARGV[4]  token of the run that has ended; if another run holds the lock, the slot is that run's
 */
export const RELEASE_SLOT = `${LIMIT_WAITLIST}
local slots, held = KEYS[2] .. 'slots', KEYS[2] .. 'held'
local now = redis_now()
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= ARGV[4] then return 0 end
redis.call('ZREM', slots, ARGV[3])
local limit = limits_of(KEYS[1], ARGV[2], now)
if not limit.concurrency then return 0 end
local room = limit.concurrency - redis.call('ZCOUNT', slots, '(' .. now, '+inf')
if room > redis.call('ZCOUNT', held, now - 30000, now) then call_next(held, ARGV[1], now) end
return 1
`;
