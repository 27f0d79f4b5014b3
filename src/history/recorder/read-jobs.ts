import type { Redis } from 'ioredis';
import type { TaskState } from '../../contract/states.js';
import { READ_FIELDS } from '../../queue/scripts/read-tasks.js';

/** What the history keeps and lists do not show. Read after `READ_FIELDS`, whose `data` and `returnvalue` come apart. */
const MORE_FIELDS = ['roost:logs', 'attemptsMade', 'stacktrace'] as const;
const FIELDS = READ_FIELDS.filter((field) => field !== 'data' && field !== 'returnvalue');

/** As the history keeps it of an input or result, in bytes. */
const LONGEST_BODY = 1_000_000;
/** Longer lists of stacks are left out: cut they would not be readable. */
const LONGEST_STACKS = 1_000_000;
/** Attempts and log lines of one job that are read, the newest. */
const MOST_ATTEMPTS = 1000;
const MOST_LINES = 1000;

/*
 * Reads all that is kept of jobs, each at one moment. Bounded in bytes: what comes after the limit is left for another call.
 *
 * ARGV[1]  bytes, about
 * ARGV[2]  how many field names follow, then those
 * then     three for each job: base (`prefix:queue:`), id, and the number of log lines known; negative, less one, where the
 *          input is known too
 *
 * Answers for each: nil where there is no such job, 0 where it has to be asked for again, else
 * {state, delayed until, bytes of data, of returnvalue, data or '', returnvalue, attempts: first number, {JSON...},
 *  log lines: number of the first, {line...}, fields...}
 */
const READ_JOBS = `
local left = tonumber(ARGV[1])
local n = tonumber(ARGV[2])
local names = {}
for i = 1, n do names[i] = ARGV[2 + i] end

local function state_of(base, id, key, finishedOn, processedOn)
  local own = redis.call('HGET', key, 'roost:state')
  if own then return own, 0 end
  if finishedOn then
    if redis.call('ZSCORE', base .. 'completed', id) then return 'completed', 0 end
    return 'failed', 0
  end
  if redis.call('EXISTS', key .. ':lock') == 1 then return 'active', 0 end
  local due = redis.call('ZSCORE', base .. 'delayed', id)
  if due then return 'delayed', math.floor(tonumber(due) / 4096) end
  if processedOn and not redis.call('ZSCORE', base .. 'prioritized', id) and redis.call('LPOS', base .. 'active', id) then
    return 'active', 0
  end
  return 'waiting', 0
end

local answer = {}
for i = 3 + n, #ARGV, 3 do
  local base, id, known = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local key = base .. id
  local at = #answer + 1
  if left <= 0 then answer[at] = 0
  elseif redis.call('TYPE', key).ok ~= 'hash' then answer[at] = false
  else
    local values = redis.call('HMGET', key, unpack(names))
    if not values[1] then answer[at] = false
    else
      local state, due = state_of(base, id, key, values[${FIELDS.indexOf('finishedOn') + 1}], values[${FIELDS.indexOf('processedOn') + 1}])
      local hasInput = known < 0
      if hasInput then known = -known - 1 end
      local size, resultSize = redis.call('HSTRLEN', key, 'data'), redis.call('HSTRLEN', key, 'returnvalue')
      local data = not hasInput and redis.call('HGET', key, 'data') or ''
      local result = state == 'completed' and redis.call('HGET', key, 'returnvalue') or ''
      if #data > ${LONGEST_BODY} then data = string.sub(data, 1, ${LONGEST_BODY}) end
      if #result > ${LONGEST_BODY} then result = string.sub(result, 1, ${LONGEST_BODY}) end

      local starts = tonumber(values[${FIELDS.indexOf('ats') + 1}] or 0) or 0
      local firstAttempt, attempts = math.max(1, starts - ${MOST_ATTEMPTS - 1}), {}
      if starts >= 1 then
        local fields = {}
        for number = firstAttempt, starts do fields[#fields + 1] = 'roost:attempt:' .. string.format('%d', number) end
        attempts = redis.call('HMGET', key, unpack(fields))
        for a, json in ipairs(attempts) do
          if json then left = left - #json else attempts[a] = '' end
        end
      end

      local kept = redis.call('LLEN', key .. ':logs')
      local counted = math.max(kept, tonumber(values[${FIELDS.length + 1}] or 0) or 0)
      local from, lines = math.max(known, counted - math.min(kept, ${MOST_LINES})), {}
      if from < counted then
        lines = redis.call('LRANGE', key .. ':logs', from - (counted - kept), -1)
        for _, line in ipairs(lines) do left = left - #line end
      end

      local stacks = values[n]
      local isFirst = (tonumber(values[${FIELDS.indexOf('atm') + 1}] or 0) or 0) <= 1
      if stacks and (state == 'completed' and isFirst or #stacks > ${LONGEST_STACKS}) then values[n] = false end
      left = left - 300 - #data - #result - (values[n] and #stacks or 0)
      local entry = { state, string.format('%d', due), size, resultSize, data, result, firstAttempt, attempts, from, lines }
      for f = 1, n do entry[10 + f] = values[f] end
      answer[at] = entry
    end
  end
end
return answer
`;

type Field = (typeof READ_FIELDS)[number] | (typeof MORE_FIELDS)[number];

/** A job as it was at one moment. Fields are still text. */
export interface JobSnapshot {
  state: TaskState;
  /** ms; 0 unless delayed. */
  delayUntil: number;
  dataBytes: number;
  resultBytes: number;
  /** Undefined where it was not asked for. */
  data: string | undefined;
  result: string;
  firstAttempt: number;
  /** JSON of each from `firstAttempt` on, '' where nothing was written down. */
  attempts: string[];
  firstLine: number;
  lines: string[];
  fields: { [field in Exclude<Field, 'data' | 'returnvalue'>]?: string };
}

export interface JobAsked {
  base: string;
  id: string;
  /** Lines that need not be read again. */
  lines: number;
  needsInput: boolean;
}

export interface JobCommands {
  roostReadJobs(...args: (string | number)[]): Promise<(JobRow | 0 | null)[]>;
}
type JobRow = [
  TaskState,
  string,
  number,
  number,
  string,
  string,
  number,
  string[],
  number,
  string[],
  ...(string | null)[],
];

export function withJobCommands<R extends Redis>(redis: R): R & JobCommands {
  redis.defineCommand('roostReadJobs', { numberOfKeys: 0, lua: READ_JOBS });
  return redis as R & JobCommands;
}

const NAMES = [...FIELDS, ...MORE_FIELDS] as Exclude<Field, 'data' | 'returnvalue'>[];
/** Jobs of one script: about a millisecond of Redis. */
const AT_ONCE = 200;
const BYTES = 4_000_000;

/** In the order asked for; undefined where there is no such job. */
export async function readJobs(
  redis: JobCommands,
  asked: readonly JobAsked[],
): Promise<(JobSnapshot | undefined)[]> {
  const found = new Array<JobSnapshot | undefined>(asked.length);
  let open = asked.map((_, i) => i);
  while (open.length > 0) {
    const later: number[] = [];
    // One script after the other: side by side Redis would run them in one go, and others wait for all of them.
    for (let from = 0; from < open.length; from += AT_ONCE) {
      const chunk = open.slice(from, from + AT_ONCE);
      const args = chunk.flatMap((i) => {
        const { base, id, lines, needsInput } = asked[i]!;
        return [base, id, needsInput ? lines : -lines - 1];
      });
      const rows = await redis.roostReadJobs(BYTES, NAMES.length, ...NAMES, ...args);
      chunk.forEach((i, at) => {
        const row = rows[at];
        if (row === 0) later.push(i);
        else if (row) found[i] = toSnapshot(row, asked[i]!.needsInput);
      });
    }
    open = later;
  }
  return found;
}

function toSnapshot(row: JobRow, hasInput: boolean): JobSnapshot {
  const [state, delayUntil, dataBytes, resultBytes, data, result, firstAttempt, attempts, firstLine, lines] =
    row;
  const fields: JobSnapshot['fields'] = {};
  NAMES.forEach((name, i) => {
    const value = row[10 + i] as string | null | undefined;
    if (value !== null && value !== undefined) fields[name] = value;
  });
  return {
    state,
    delayUntil: Number(delayUntil),
    dataBytes,
    resultBytes,
    data: hasInput ? data : undefined,
    result,
    firstAttempt,
    attempts,
    firstLine,
    lines,
    fields,
  };
}
