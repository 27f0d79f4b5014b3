/*
 * Reads the first bytes of the data of several jobs.
 *
 * ARGV[1]  number of bytes of `data`
 * then     pairs of queue base (`prefix:queue:`) and job id
 *
 * Answers one entry per pair: nil if the job does not exist, else the first bytes of its `data`.
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
