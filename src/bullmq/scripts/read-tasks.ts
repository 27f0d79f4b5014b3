import { JOB_FIELDS } from '../codec/task-record.js';
import { JOB_STATE, luaList, placesOf } from './job-state.js';

const FIELDS = [
  ...JOB_FIELDS,
  ...(['roost:cancel', 'parentKey', 'rjk', 'roost:state', 'data', 'returnvalue'] as const),
] as const;

const place = placesOf(FIELDS);

/*
 * Reads jobs with their state in one round trip; cuts bodies on request.
 *
 * ARGV[1]  longest `data` and `returnvalue`, bytes; 0 for no limit
 * then     pairs of queue base (`prefix:queue:`) and job id
 *
 * Answers one entry per job: nil if it does not exist, else {state, delayUntil, data length, result length, fields...}: those
 * of JOB_FIELDS, the request to cancel it, the keys of parent and schedule, the state of our own, data and result.
 */
export const READ_TASKS = `${JOB_STATE}
local cut = tonumber(ARGV[1])
local names = ${luaList(FIELDS)}
local data, result = ${place('data')}, ${place('returnvalue')}
local answer = {}
for i = 2, #ARGV, 2 do
  local base, id = ARGV[i], ARGV[i + 1]
  local key = base .. id
  local kind = redis.call('TYPE', key)
  local values = kind.ok == 'hash' and redis.call('HMGET', key, unpack(names))
  if not values or not values[${place('name')}] then
    answer[#answer + 1] = false
  else
    local state, due = state_of(base, id, values[${place('roost:state')}], values[${place('finishedOn')}], values[${place('processedOn')}])
    local entry = { state, tostring(due), values[data] and #values[data] or 0, values[result] and #values[result] or 0 }
    for f = 1, #names do
      local value = values[f]
      if cut > 0 and f >= data and value and #value > cut then value = string.sub(value, 1, cut) end
      entry[4 + f] = value
    end
    answer[#answer + 1] = entry
  end
end
return answer
`;
