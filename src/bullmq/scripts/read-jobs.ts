import { JOB_FIELDS } from '../codec/task-record.js';
import { JOB_STATE, luaList, placesOf } from './job-state.js';

/** Fields that are loaded as well. `data` comes last: it is omitted when the input is known. */
const FIELDS = [
  ...JOB_FIELDS,
  ...(['stacktrace', 'roost:logs', 'roost:state', 'returnvalue', 'roost:attempt:1', 'data'] as const),
] as const;

/** Fields in an answer: JOB_FIELDS and the stacks. */
const REPLY_LENGTH = JOB_FIELDS.length + 1;

const place = placesOf(FIELDS);

/** Maximum stored length of an input or result, bytes. */
export const MAX_BODY_LENGTH = 1_000_000;
/** Longer stack lists are omitted: a truncated list could not be parsed. Bytes. */
const MAX_STACKS_LENGTH = 1_000_000;
/** Maximum number of attempts and log lines read per job, the newest. */
const MAX_ATTEMPTS = 1000;
const MAX_LINES = 1000;

/*
 * Reads jobs in full, each as a snapshot. Bounded in bytes: jobs beyond the limit are left for another call.
 *
 * ARGV[1]  approximate limit in bytes
 * ARGV[2]  JSON list with three values for each job: base (`prefix:queue:`), id, and the number of known log lines;
 *          encoded as -n - 1 if the input is known too
 *
 * Answers one JSON text for all jobs: parsing a reply of many parts costs the client several times as much. For each
 * job false if there is none, 0 if it must be requested again, else
 * [state, delayed until, bytes of data, of returnvalue, data or '', returnvalue, number of the first attempt,
 * [JSON...] of attempts or 0, number of the first log line, [line...] or 0, fields of JOB_FIELDS..., stacks]
 */
export const READ_JOBS = `${JOB_STATE}
local left = tonumber(ARGV[1])
local names = ${luaList(FIELDS)}
local n = ${REPLY_LENGTH}

local function attempts_of(key, values)
  local starts = tonumber(values[${place('ats')}] or 0) or 0
  if starts < 1 then return 1, 0 end
  if starts == 1 then return 1, { values[${place('roost:attempt:1')}] or '' } end
  local first, fields = math.max(1, starts - ${MAX_ATTEMPTS - 1}), {}
  for number = first, starts do fields[#fields + 1] = 'roost:attempt:' .. string.format('%d', number) end
  local attempts = redis.call('HMGET', key, unpack(fields))
  for a, json in ipairs(attempts) do
    if json then left = left - #json else attempts[a] = '' end
  end
  return first, attempts
end

local function lines_of(key, values, known)
  local stored = redis.call('LLEN', key .. ':logs')
  local counted = math.max(stored, tonumber(values[${place('roost:logs')}] or 0) or 0)
  local from = math.max(known, counted - math.min(stored, ${MAX_LINES}))
  if from >= counted then return from, 0 end
  local lines = redis.call('LRANGE', key .. ':logs', from - (counted - stored), -1)
  for _, line in ipairs(lines) do left = left - #line end
  return from, #lines > 0 and lines or 0
end

local answer = {}
local asked = cjson.decode(ARGV[2])
for i = 1, #asked, 3 do
  local base, id, known = asked[i], asked[i + 1], asked[i + 2]
  local key = base .. id
  local at = #answer + 1
  answer[at] = false
  if left <= 0 then answer[at] = 0
  else
    local hasInput = known < 0
    if hasInput then known = -known - 1 end
    -- An error when the key has another type and is no job.
    local values = redis.pcall('HMGET', key, unpack(names, 1, hasInput and #names - 1 or #names))
    if not values.err and values[${place('name')}] then
      -- Only a completed job has a result and no error; others are looked up.
      local isCompleted = values[${place('returnvalue')}] and values[${place('finishedOn')}] and not values[${place('failedReason')}]
      local own = values[${place('roost:state')}] or isCompleted and 'completed' or false
      local state, due = state_of(base, id, own, values[${place('finishedOn')}], values[${place('processedOn')}])
      local data = not hasInput and values[${place('data')}] or ''
      local result = state == 'completed' and values[${place('returnvalue')}] or ''
      local size, resultSize = #data, #result
      if size > ${MAX_BODY_LENGTH} then data = string.sub(data, 1, ${MAX_BODY_LENGTH}) end
      if resultSize > ${MAX_BODY_LENGTH} then result = string.sub(result, 1, ${MAX_BODY_LENGTH}) end
      local firstAttempt, attempts = attempts_of(key, values)
      local from, lines = lines_of(key, values, known)
      local stacks = values[${place('stacktrace')}]
      local isFirst = (tonumber(values[${place('atm')}] or 0) or 0) <= 1
      if stacks and (state == 'completed' and isFirst or #stacks > ${MAX_STACKS_LENGTH}) then values[${place('stacktrace')}] = false end
      left = left - 300 - #data - #result - (values[${place('stacktrace')}] and #stacks or 0)
      local entry = { state, due, size, resultSize, data, result, firstAttempt, attempts, from, lines }
      for f = 1, n do entry[10 + f] = values[f] end
      answer[at] = entry
    end
  end
end
return cjson.encode(answer)
`;
