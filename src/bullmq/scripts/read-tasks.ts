/** Fields of a job's hash that `READ_TASKS` returns in this order, after the state and the lengths. */
export const READ_FIELDS = [
  'name',
  'data',
  'opts',
  'timestamp',
  'delay',
  'priority',
  'progress',
  'returnvalue',
  'failedReason',
  'finishedOn',
  'processedOn',
  'atm',
  'ats',
  'pb',
  'roost:mark',
  'roost:queued',
  'roost:error',
  'roost:cancel',
  'parentKey',
  'rjk',
] as const;

/*
 * Reads jobs with their state in one round trip; cuts bodies on request.
 *
 * ARGV[1]  longest `data` and `returnvalue`, bytes; 0 for no limit
 * ARGV[2]  number of READ_FIELDS, then their names
 * then     pairs of queue base (`prefix:queue:`) and job id
 *
 * Answers one entry per job: nil if it does not exist, else {state, delayUntil, data length, result length, fields...}.
 *
 * Derives the state without scanning the wait list (BullMQ's getState scans it, which takes milliseconds on a long one):
 * a job with `finishedOn` is finished; a job with a lock or in `active` is running; the sorted sets find their members.
 */
export const READ_TASKS = `
local cut = tonumber(ARGV[1])
local n = tonumber(ARGV[2])
local names = {}
for i = 1, n do names[i] = ARGV[2 + i] end

local function stateOf(base, id, key, finishedOn, processedOn)
  local own = redis.call('HGET', key, 'roost:state')
  if own then return own, 0 end
  if finishedOn then
    if redis.call('ZSCORE', base .. 'completed', id) then return 'completed', 0 end
    return 'failed', 0
  end
  if redis.call('EXISTS', key .. ':lock') == 1 then return 'active', 0 end
  local due = redis.call('ZSCORE', base .. 'delayed', id)
  if due then return 'delayed', math.floor(tonumber(due) / 4096) end
  if processedOn and not redis.call('ZSCORE', base .. 'prioritized', id)
      and redis.call('LPOS', base .. 'active', id) then
    return 'active', 0
  end
  if redis.call('ZSCORE', base .. 'waiting-children', id) then return 'waiting-children', 0 end
  return 'waiting', 0
end

local answer = {}
for i = 3 + n, #ARGV, 2 do
  local base, id = ARGV[i], ARGV[i + 1]
  local key = base .. id
  local kind = redis.call('TYPE', key)
  local values = kind.ok == 'hash' and redis.call('HMGET', key, unpack(names))
  if not values or not values[1] then
    answer[#answer + 1] = false
  else
    local state, due = stateOf(base, id, key, values[10], values[11])
    local entry = { state, tostring(due), values[2] and #values[2] or 0, values[8] and #values[8] or 0 }
    for f = 1, n do
      local value = values[f]
      if cut > 0 and (f == 2 or f == 8) and value and #value > cut then value = string.sub(value, 1, cut) end
      entry[4 + f] = value
    end
    answer[#answer + 1] = entry
  end
end
return answer
`;
