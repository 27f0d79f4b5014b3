import type { Redis } from 'ioredis';
import { comparePlaces, splitPlace, timeOf, type TaskEvent } from './codec/task-event.js';
import { LAST_IDS, READ_STREAMS } from './scripts/read-streams.js';

export interface StreamRead {
  /** '' without an entry. */
  first: string;
  last: string;
  /** Everything up to here is in `events`. */
  place: string;
  events: TaskEvent[];
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

/** Events read beyond a place to find out which jobs were added since. */
const LOOKAHEAD = { count: ENTRIES_PER_CALL, bytes: 500_000 };

/**
 * Counts by id the jobs that were added after the place of each stream. A job with such an id, if read before this
 * call, may be the later one: another program may reuse an id as soon as its job is removed.
 */
export async function countAddedAfter(
  redis: StreamCommands,
  streams: readonly { key: string; place: string }[],
): Promise<Map<string, number>[]> {
  if (streams.length === 0) return [];
  const { reads } = await readStreams(redis, streams, LOOKAHEAD);
  return reads.map(({ events }) => {
    const added = new Map<string, number>();
    for (const { name, id } of events) if (name === 'added') added.set(id, (added.get(id) ?? 0) + 1);
    return added;
  });
}

/** Returns the time of the first entry after the place of each stream, ms; undefined without one. */
export function readOldestUnread(
  redis: Pick<Redis, 'xrange'>,
  streams: readonly { key: string; place: string }[],
): Promise<(number | undefined)[]> {
  return Promise.all(
    streams.map(async ({ key, place }) => {
      const [oldest] = await redis.xrange(key, `(${place}`, '+', 'COUNT', 1);
      return oldest && timeOf(oldest[0]);
    }),
  );
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
  const events: TaskEvent[] = new Array<TaskEvent>(flat.length / 5);
  for (let i = 0, n = 0; i < flat.length; i += 5, n++) {
    const { at, seq } = splitPlace(flat[i]!);
    // No spread: it costs as much as the rest.
    events[n] = {
      at,
      seq,
      name: flat[i + 1]!,
      id: flat[i + 2]!,
      prev: flat[i + 3]!,
      value: flat[i + 4]!,
    };
  }
  return { first, last, place, events };
}
