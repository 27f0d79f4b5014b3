/*
 * A ledger makes a long order of many acts one that is carried out once: it is a hash that says how far the order is,
 * in the field `@`, and which tasks have been acted on and are not written down elsewhere yet, in fields of their own. Both are written in the
 * script that acts, so they are true whatever dies in between. Who was left behind, because another process has gone
 * on with a later piece, is refused.
 */

/** How long a ledger that nobody goes on with is kept, ms: longer than anybody leaves an order unfinished. */
export const LEDGER_MS = 30 * 86_400_000;

/** Said by a fenced script where the order has gone on without the caller. */
export const LEFT_BEHIND = -99;

/*
 * Opens the next piece, and forgets the tasks of the one before, whose outcomes are kept elsewhere by now.
 *
 * KEYS[1]  ledger
 * ARGV[1]  number of the piece; only grows
 * ARGV[2]  how long it is kept, ms
 * then     tasks to forget
 *
 * Answers 1, or 0 where another process is at a later piece.
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
 * A script that acts on one task and answers 1 where it did, made to act once within its piece: what it has done before
 * it answers again, and `word` stands in the ledger. It has a last key, the ledger, and two last arguments: the number of
 * the piece and the task's name.
 */
export function fenced(script: string, word: string): string {
  return `
local ledger, piece, name = KEYS[#KEYS], ARGV[#ARGV - 1], ARGV[#ARGV]
local known = redis.call('HMGET', ledger, '@', name)
if known[1] ~= piece then return ${LEFT_BEHIND} end
if known[2] then return 1 end
local function act()
${script}
end
local answer = act()
if answer == 1 then redis.call('HSET', ledger, name, '${word}') end
return answer
`;
}
