/**
 * Tasks as BullMQ and our workers leave them behind, with their events, faster than any worker could. They are no two
 * alike, as the history is to be searched: every second one is a text of words.
 */
const RUN = `
  local words = { 'customer', 'order', 'invoice', 'river', 'quick', 'brown', 'fox', 'harbour', 'letter', 'winter', 'garden', 'copper' }
  local base, now = KEYS[1], ARGV[3]
  local events = base .. 'events'
  for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
    local id, name, input = ARGV[4] .. i, 'divide', nil
    if i % 2 == 0 then
      input = '{"x":' .. i .. ',"y":' .. (1 + i % 97) .. '}'
    else
      local text = {}
      for w = 1, 8 do text[w] = words[1 + (i * w + w * w) % #words] end
      name = 'process-text'
      input = '{"text":"' .. table.concat(text, ' ') .. ' nr' .. i .. '","operation":"' .. (i % 3 == 0 and 'upper' or 'slug') .. '"}'
    end
    local failed = i % 50 == 0
    redis.call('HSET', base .. id, 'name', name, 'data', '{"roost":1,"input":' .. input .. '}', 'opts', '{"attempts":1}',
      'timestamp', now, 'delay', 0, 'priority', 0, 'processedOn', now + 1, 'finishedOn', now + 3, 'ats', 1, 'atm', 1,
      'pb', 'burst-worker', failed and 'failedReason' or 'returnvalue', failed and 'division by zero' or '{"n":' .. i .. '}')
    redis.call('ZADD', base .. (failed and 'failed' or 'completed'), now + 3, id)
    redis.call('XADD', events, '*', 'event', 'added', 'jobId', id, 'name', name)
    redis.call('XADD', events, '*', 'event', 'waiting', 'jobId', id)
    redis.call('XADD', events, '*', 'event', 'active', 'jobId', id, 'prev', 'waiting')
    if failed then
      redis.call('XADD', events, '*', 'event', 'failed', 'jobId', id, 'failedReason', 'division by zero', 'prev', 'active')
    else
      redis.call('XADD', events, '*', 'event', 'completed', 'jobId', id, 'returnvalue', '{}', 'prev', 'active')
    end
  end`;
const AT_ONCE = 200;

/** `base`: the queue's keys in Redis, as `roost:default:`; ids are `ids` and a number from 1 on. */
export async function burst(redis, base, { tasks, ids }) {
  for (let from = 1; from <= tasks; from += AT_ONCE)
    await redis.eval(RUN, 1, base, from, Math.min(tasks, from + AT_ONCE - 1), Date.now(), ids);
}
