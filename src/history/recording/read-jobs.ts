import type { Redis } from 'ioredis';
import type { TaskState } from '../../model/states.js';

/** Fields of a job's hash, besides bodies and attempts, that the history stores; in the order of a reply. */
const FIELDS = [
  'name', 'opts', 'timestamp', 'priority', 'progress', 'failedReason', 'finishedOn', 'processedOn', 'atm', 'ats', 'pb',
  'roost:mark', 'roost:queued', 'roost:error', 'roost:logs', 'attemptsMade', 'stacktrace',
] as const; // prettier-ignore
type Field = (typeof FIELDS)[number];
/**
 * Fields that are read as well but do not appear in a reply unchanged. `data` comes last: it is omitted when the
 * input is known.
 */
const EXTRA_FIELDS = ['roost:state', 'returnvalue', 'roost:attempt:1', 'data'] as const;

const place = (name: Field | (typeof EXTRA_FIELDS)[number]) =>
  ([...FIELDS, ...EXTRA_FIELDS] as string[]).indexOf(name) + 1;

/** Maximum stored length of an input or result, bytes. */
const MAX_BODY_LENGTH = 1_000_000;
/** Longer stack lists are omitted: a truncated list could not be parsed. Bytes. */
const MAX_STACKS_LENGTH = 1_000_000;
/** Maximum number of attempts and log lines read per job, the newest. */
const MAX_ATTEMPTS = 1000;
const MAX_LINES = 1000;

/*
 * Reads jobs in full, each as a snapshot. Bounded in bytes: jobs beyond the limit are left for another call.
 * ARGV[1] approximate limit in bytes
 * then three for each job: base (`prefix:queue:`), id, and the number of known log lines; encoded as -n - 1 if the
 * input is known too
 * Returns one JSON text for all jobs: parsing a reply of many parts costs the client several times as much. For each
 * job false if there is none, 0 if it must be requested again, else
 * [state, delayed until, bytes of data, of returnvalue, data or '', returnvalue, number of the first attempt,
 * [JSON...] of attempts or 0, number of the first log line, [line...] or 0, fields...]
 */
const READ_JOBS = `
local left = tonumber(ARGV[1])
local names = { ${[...FIELDS, ...EXTRA_FIELDS].map((name) => `'${name}'`).join(', ')} }
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
  if redis.call('ZSCORE', base .. 'waiting-children', id) then return 'waiting-children', 0 end
  return 'waiting', 0
end

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
for i = 2, #ARGV, 3 do
  local base, id, known = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
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
      local state, due = state_of(base, id, key, values)
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

/** Snapshot of a job. Fields are unparsed text. */
export interface JobSnapshot {
  state: TaskState;
  /** ms; 0 unless delayed. */
  delayUntil: number;
  dataBytes: number;
  resultBytes: number;
  /** Undefined when it was not requested. */
  data: string | undefined;
  result: string;
  firstAttempt: number;
  /** JSON of each attempt from `firstAttempt` on; '' where none was recorded. */
  attempts: string[];
  firstLine: number;
  lines: string[];
  fields: { [field in Field]?: string };
}

export interface JobRequest {
  base: string;
  id: string;
  /** Number of lines already known. */
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

/** Jobs per script call: one or two milliseconds of Redis. */
const JOBS_PER_CALL = 60;
const BYTES_PER_CALL = 4_000_000;

/** Returns the jobs in the order requested; undefined for a missing one. */
export async function readJobs(
  redis: JobCommands,
  requests: readonly JobRequest[],
): Promise<(JobSnapshot | undefined)[]> {
  const found = new Array<JobSnapshot | undefined>(requests.length);
  let open = requests.map((_, i) => i);
  while (open.length > 0) {
    const later: number[] = [];
    // Calls run one after the other: pipelined, Redis would run them without a pause and delay other clients.
    for (let from = 0; from < open.length; from += JOBS_PER_CALL) {
      const chunk = open.slice(from, from + JOBS_PER_CALL);
      const args: (string | number)[] = [BYTES_PER_CALL];
      for (const i of chunk) {
        const { base, id, lines, needsInput } = requests[i]!;
        args.push(base, id, needsInput ? lines : -lines - 1);
      }
      const rows = JSON.parse(await redis.roostReadJobs(...args)) as (JobRow | 0 | false)[];
      chunk.forEach((i, at) => {
        const row = rows[at];
        if (row === 0) later.push(i);
        else if (row) found[i] = toSnapshot(row, requests[i]!.needsInput);
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
    // One fixed shape and no loop over names, because this runs for every task. In the order of FIELDS.
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
