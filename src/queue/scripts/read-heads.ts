/*
 * Which queues know these ids, and how what they hold begins.
 *
 * ARGV[1]  bytes of `data` that are wanted
 * then     pairs of queue base (`prefix:queue:`) and job id
 *
 * Answers one entry a pair: nil where there is no such job, else the beginning of its `data`.
 */
export const READ_HEADS = `
local cut = tonumber(ARGV[1])
local answer = {}
for i = 2, #ARGV, 2 do
  local values = redis.pcall('HMGET', ARGV[i] .. ARGV[i + 1], 'name', 'data')
  answer[#answer + 1] = not values.err and values[1] and string.sub(values[2] or '', 1, cut) or false
end
return answer
`;
