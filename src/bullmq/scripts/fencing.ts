/*
 * Ledger of a long operation, so that it changes each task only once. A hash: the field `@` has the number of the current
 * chunk (the fencing token), and one field per task marks the tasks that were changed and whose outcomes are not stored
 * elsewhere yet. The script that changes a task also writes its field, so that a crash cannot separate them. A process
 * with a stale token is rejected.
 */

/** Lifetime of an abandoned ledger, ms: longer than an operation stays unfinished. */
export const LEDGER_TTL_MS = 30 * 86_400_000;

/** Answer of a fenced script to a caller with a stale token. */
export const STALE_FENCE = -99;

/*
 * Opens the next chunk and deletes the fields of earlier tasks whose outcomes are stored elsewhere.
 *
 * KEYS[1]  ledger
 * ARGV[1]  number of the chunk; only grows
 * ARGV[2]  lifetime of the ledger, ms
 * then     fields to delete
 *
 * Answers 1, or 0 if another process has opened a later chunk.
 */
export const OPEN_PIECE = `
local at = tonumber(redis.call('HGET', KEYS[1], '@') or -1)
local piece = tonumber(ARGV[1])
if at > piece then return 0 end
if #ARGV > 2 then redis.call('HDEL', KEYS[1], unpack(ARGV, 3)) end
redis.call('HSET', KEYS[1], '@', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`;

/**
 * Wraps a script that changes one task and answers 1 on success. The fenced script changes a task only once and answers 1
 * again for a task in the ledger, where it stores `word`. It has one more key, the ledger, and two more arguments: the
 * number of the chunk and the field of the task.
 */
export function fenced(script: string, word: string): string {
  return `
local ledger, piece, name = KEYS[#KEYS], ARGV[#ARGV - 1], ARGV[#ARGV]
local known = redis.call('HMGET', ledger, '@', name)
if known[1] ~= piece then return ${STALE_FENCE} end
if known[2] then return 1 end
local function act()
${script}
end
local answer = act()
if answer == 1 then redis.call('HSET', ledger, name, '${word}') end
return answer
`;
}
