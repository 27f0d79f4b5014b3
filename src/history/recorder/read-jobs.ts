import type { Redis } from 'ioredis';
import type { TaskState } from '../../contract/states.js';

/** What the history keeps of a job's hash besides its bodies and attempts, in the order of an answer. */
const FIELDS = [
  'name', 'opts', 'timestamp', 'priority', 'progress', 'failedReason', 'finishedOn', 'processedOn', 'atm', 'ats', 'pb',
  'roost:mark', 'roost:queued', 'roost:error', 'roost:logs', 'attemptsMade', 'stacktrace',
] as const; // prettier-ignore
type Field = (typeof FIELDS)[number];
/** Read beside them, and not part of an answer as they are. `data` comes last: it is left out where it is known. */
const BESIDE = ['roost:state', 'returnvalue', 'roost:attempt:1', 'data'] as const;

const place = (name: Field | (typeof BESIDE)[number]) =>
  ([...FIELDS, ...BESIDE] as string[]).indexOf(name) + 1;

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
 * then     three for each job: base (`prefix:queue:`), id, and the number of log lines known; negative, less one, where the
 *          input is known too
 *
 * Answers JSON, one text for all: taking a reply of many parts apart costs the client several times as much. For each job
 * false where there is none, 0 where it has to be asked for again, else
 * [state, delayed until, bytes of data, of returnvalue, data or '', returnvalue, number of the first attempt, [JSON...] of
 *  them or 0, number of the first log line, [line...] or 0, fields...]
 */
const READ_JOBS = `
local left = tonumber(ARGV[1])
local names = { ${[...FIELDS, ...BESIDE].map((name) => `'${name}'`).join(', ')} }
local n = ${FIELDS.length}

local function state_of(base, id, key, values)
  local own = values[${place('roost:state')}]
  if own then return own, 0 end
  if values[${place('finishedOn')}] then
    if redis.call('ZSCORE', base .. 'completed', id) then return 'completed', 0 end
    return 'failed', 0
  end
  if redis.call('EXISTS', key .. ':lock') == 1 then return 'active', 0 end
  local due = redis.call('ZSCORE', base .. 'delayed', id)
  if due then return 'delayed', math.floor(tonumber(due) / 4096) end
  if values[${place('processedOn')}] and not redis.call('ZSCORE', base .. 'prioritized', id)
    and redis.call('LPOS', base .. 'active', id) then return 'active', 0 end
  return 'waiting', 0
end

local function attempts_of(key, values)
  local starts = tonumber(values[${place('ats')}] or 0) or 0
  if starts < 1 then return 1, 0 end
  if starts == 1 then return 1, { values[${place('roost:attempt:1')}] or '' } end
  local first, fields = math.max(1, starts - ${MOST_ATTEMPTS - 1}), {}
  for number = first, starts do fields[#fields + 1] = 'roost:attempt:' .. string.format('%d', number) end
  local attempts = redis.call('HMGET', key, unpack(fields))
  for a, json in ipairs(attempts) do
    if json then left = left - #json else attempts[a] = '' end
  end
  return first, attempts
end

local function lines_of(key, values, known)
  local kept = redis.call('LLEN', key .. ':logs')
  local counted = math.max(kept, tonumber(values[${place('roost:logs')}] or 0) or 0)
  local from = math.max(known, counted - math.min(kept, ${MOST_LINES}))
  if from >= counted then return from, 0 end
  local lines = redis.call('LRANGE', key .. ':logs', from - (counted - kept), -1)
  for _, line in ipairs(lines) do left = left - #line end
  return from, #lines > 0 and lines or 0
end

local answer = {}
for i = 2, #ARGV, 3 do
  local base, id, known = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local key = base .. id
  local at = #answer + 1
  answer[at] = false
  if left <= 0 then answer[at] = 0
  else
    local hasInput = known < 0
    if hasInput then known = -known - 1 end
    -- Of another type, where it is no job: an error.
    local values = redis.pcall('HMGET', key, unpack(names, 1, hasInput and #names - 1 or #names))
    if not values.err and values[${place('name')}] then
      local state, due = state_of(base, id, key, values)
      local data = not hasInput and values[${place('data')}] or ''
      local result = state == 'completed' and values[${place('returnvalue')}] or ''
      local size, resultSize = #data, #result
      if size > ${LONGEST_BODY} then data = string.sub(data, 1, ${LONGEST_BODY}) end
      if resultSize > ${LONGEST_BODY} then result = string.sub(result, 1, ${LONGEST_BODY}) end
      local firstAttempt, attempts = attempts_of(key, values)
      local from, lines = lines_of(key, values, known)
      local stacks = values[${place('stacktrace')}]
      local isFirst = (tonumber(values[${place('atm')}] or 0) or 0) <= 1
      if stacks and (state == 'completed' and isFirst or #stacks > ${LONGEST_STACKS}) then values[${place('stacktrace')}] = false end
      left = left - 300 - #data - #result - (values[${place('stacktrace')}] and #stacks or 0)
      local entry = { state, due, size, resultSize, data, result, firstAttempt, attempts, from, lines }
      for f = 1, n do entry[10 + f] = values[f] end
      answer[at] = entry
    end
  end
end
return cjson.encode(answer)
`;

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
  fields: { [field in Field]?: string };
}

export interface JobAsked {
  base: string;
  id: string;
  /** Lines that need not be read again. */
  lines: number;
  needsInput: boolean;
}

export interface JobCommands {
  roostReadJobs(...args: (string | number)[]): Promise<string>;
}
type JobRow = [
  state: TaskState,
  delayUntil: number,
  dataBytes: number,
  resultBytes: number,
  data: string,
  result: string,
  firstAttempt: number,
  attempts: string[] | 0,
  firstLine: number,
  lines: string[] | 0,
  ...fields: (string | false)[],
];

export function withJobCommands<R extends Redis>(redis: R): R & JobCommands {
  redis.defineCommand('roostReadJobs', { numberOfKeys: 0, lua: READ_JOBS });
  return redis as R & JobCommands;
}

/** Jobs of one script: a millisecond or two of Redis. */
const AT_ONCE = 60;
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
      const args: (string | number)[] = [BYTES];
      for (const i of chunk) {
        const { base, id, lines, needsInput } = asked[i]!;
        args.push(base, id, needsInput ? lines : -lines - 1);
      }
      const rows = JSON.parse(await redis.roostReadJobs(...args)) as (JobRow | 0 | false)[];
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
  const field = (i: number) => {
    const value = row[10 + i] as string | false;
    return value === false ? undefined : value;
  };
  return {
    state: row[0],
    delayUntil: row[1],
    dataBytes: row[2],
    resultBytes: row[3],
    data: hasInput ? row[4] : undefined,
    result: row[5],
    firstAttempt: row[6],
    attempts: row[7] || [],
    firstLine: row[8],
    lines: row[9] || [],
    // One shape for all, and no loop over names: this is done for every task. In the order of FIELDS.
    fields: {
      name: field(0),
      opts: field(1),
      timestamp: field(2),
      priority: field(3),
      progress: field(4),
      failedReason: field(5),
      finishedOn: field(6),
      processedOn: field(7),
      atm: field(8),
      ats: field(9),
      pb: field(10),
      'roost:mark': field(11),
      'roost:queued': field(12),
      'roost:error': field(13),
      'roost:logs': field(14),
      attemptsMade: field(15),
      stacktrace: field(16),
    },
  };
}
