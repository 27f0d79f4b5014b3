import type { Redis } from 'ioredis';
import { comparePlaces, timeOf, type StreamEvent } from './stream-event.js';

/*
 * Continues reading several event streams in one script, so that an entry cannot be trimmed between the check and the
 * read.
 * KEYS the streams
 * ARGV[1] maximum entries per stream, ARGV[2] approximate bytes in total, ARGV[3] maximum value length; longer values
 * are truncated
 * then a place for each stream: entries after it are read
 * Returns one JSON text: [now in ms, [first id, last id, place reached, [id, event, job id, prev, value, id, ...] or
 * 0]...]; ids are '' without a stream, and the first id is '' in an empty stream.
 */
const READ_STREAMS = `
local most, left, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local answer = { clock[1] .. string.format('%03d', math.floor(clock[2] / 1000)) }
local VALUES = { name = true, returnvalue = true, failedReason = true, delay = true, data = true }
for i, key in ipairs(KEYS) do
  local place = ARGV[3 + i]
  local first, last, flat = '', '', {}
  if redis.call('TYPE', key).ok == 'stream' then
    local info = redis.call('XINFO', 'STREAM', key)
    for f = 1, #info, 2 do
      if info[f] == 'last-generated-id' then last = info[f + 1]
      elseif info[f] == 'first-entry' and info[f + 1] then first = info[f + 1][1] end
    end
    local n, read = 0, 1
    while last ~= place and n < most and left > 0 and read > 0 do
      local page = redis.call('XRANGE', key, '(' .. place, '+', 'COUNT', math.min(200, most - n))
      read = #page
      for _, entry in ipairs(page) do
        place = entry[1]
        local fields = entry[2]
        local event, id, prev, value = '', '', '', ''
        for f = 1, #fields, 2 do
          local name = fields[f]
          if name == 'event' then event = fields[f + 1]
          elseif name == 'jobId' then id = fields[f + 1]
          elseif name == 'prev' then prev = fields[f + 1]
          elseif name == 'held' then prev = 'held'
          elseif name == 'movedTo' or name == 'movedFrom' then prev = 'moved:' .. fields[f + 1]
          elseif VALUES[name] then value = fields[f + 1] end
        end
        left = left - #value - 60
        if #value > longest then value = string.sub(value, 1, longest) end
        if id ~= '' then
          local at = #flat
          flat[at + 1], flat[at + 2], flat[at + 3], flat[at + 4], flat[at + 5] = place, event, id, prev, value
        end
      end
      n = n + read
    end
  end
  answer[1 + i] = { first, last, place, #flat > 0 and flat or 0 }
end
return cjson.encode(answer)
`;

/** Returns the ids of the newest entries, '' without a stream. */
const LAST_IDS = `
local answer = {}
for i, key in ipairs(KEYS) do
  answer[i] = ''
  if redis.call('TYPE', key).ok == 'stream' then
    local info = redis.call('XINFO', 'STREAM', key)
    for f = 1, #info, 2 do
      if info[f] == 'last-generated-id' then answer[i] = info[f + 1] end
    end
  end
end
return answer
`;

export interface StreamRead {
  /** '' without an entry. */
  first: string;
  last: string;
  /** Everything up to here is in `events`. */
  place: string;
  events: StreamEvent[];
}

export interface StreamCommands {
  roostReadStreams(keys: number, ...args: (string | number)[]): Promise<string>;
  roostLastIds(keys: number, ...args: string[]): Promise<string[]>;
}
type StreamRow = [first: string, last: string, place: string, flat: string[] | 0];

export function withStreamCommands<R extends Redis>(redis: R): R & StreamCommands {
  redis.defineCommand('roostReadStreams', { lua: READ_STREAMS });
  redis.defineCommand('roostLastIds', { lua: LAST_IDS });
  return redis as R & StreamCommands;
}

/** Maximum length of a value in an event; the value matters only when the job is already gone. */
const MAX_VALUE_LENGTH = 100_000;

/** Entries per stream and call: one or two milliseconds of Redis, between which other clients are served. */
const ENTRIES_PER_CALL = 750;

export async function readStreams(
  redis: StreamCommands,
  streams: readonly { key: string; place: string }[],
  { count, bytes }: { count: number; bytes: number },
): Promise<{ now: number; reads: StreamRead[] }> {
  const first = await readPiece(redis, streams, Math.min(ENTRIES_PER_CALL, count), bytes);
  const { reads } = first;
  let { now } = first;
  for (let left = count - ENTRIES_PER_CALL; left > 0 && reads.some(isBehind); left -= ENTRIES_PER_CALL) {
    const places = reads.map(({ place }, i) => ({ key: streams[i]!.key, place }));
    const next = await readPiece(redis, places, Math.min(ENTRIES_PER_CALL, left), bytes);
    // The next read from here detects entries trimmed or lost in between.
    if (next.reads.some((read, i) => !isContiguous(reads[i]!, read))) break;
    now = next.now;
    next.reads.forEach(({ last, place, events }, i) => {
      const read = reads[i]!;
      Object.assign(read, { last, place });
      for (const event of events) read.events.push(event);
    });
  }
  return { now, reads };
}

async function readPiece(
  redis: StreamCommands,
  streams: readonly { key: string; place: string }[],
  count: number,
  bytes: number,
): Promise<{ now: number; reads: StreamRead[] }> {
  const json = await redis.roostReadStreams(
    streams.length,
    ...streams.map(({ key }) => key),
    count,
    bytes,
    MAX_VALUE_LENGTH,
    ...streams.map(({ place }) => place),
  );
  const [now, ...rows] = JSON.parse(json) as [string, ...StreamRow[]];
  return { now: Number(now), reads: rows.map(toRead) };
}

export function isBehind({ last, place }: StreamRead): boolean {
  return last !== '' && comparePlaces(place, last) < 0;
}

/** Whether no entry is missing between two consecutive reads. */
function isContiguous({ last, place }: StreamRead, next: StreamRead): boolean {
  if (last === '' || next.last === '') return last === next.last;
  const isTrimmed = next.first !== '' && comparePlaces(next.first, place) > 0 && next.events.length > 0;
  // The entry still exists, or was the newest: nothing can lie between.
  return comparePlaces(next.last, last) >= 0 && !(isTrimmed && comparePlaces(place, last) < 0);
}

function toRead([first, last, place, parts]: StreamRow): StreamRead {
  const flat = parts || [];
  const events: StreamEvent[] = new Array<StreamEvent>(flat.length / 5);
  for (let i = 0, n = 0; i < flat.length; i += 5, n++) {
    const id = flat[i]!;
    events[n] = {
      at: timeOf(id),
      seq: Number(id.slice(id.indexOf('-') + 1)),
      name: flat[i + 1]!,
      id: flat[i + 2]!,
      prev: flat[i + 3]!,
      value: flat[i + 4]!,
    };
  }
  return { first, last, place, events };
}
