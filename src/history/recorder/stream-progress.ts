import type { Followed } from './followed-queues.js';
import type { StreamRead } from './read-streams.js';
import { comparePlaces, STREAM_START, timeOf } from './stream-event.js';

/** How far a queue's stream was read on from where the history stands. */
export interface Progressed {
  queue: Followed;
  read: StreamRead;
  from: string;
  gap: { from: number; to: number; detail: string } | undefined;
}

/** Undefined where nothing is new; with a gap where entries are gone that nobody has read. `now`: ms by Redis. */
export function toProgressed(
  queue: Followed,
  from: string,
  read: StreamRead,
  now: number,
): Progressed | undefined {
  const isStart = from === STREAM_START;
  const time = timeOf(from);
  if (read.last === '') {
    if (isStart) return undefined;
    const gone = 'Its stream of events is gone: the queue was removed, or Redis lost its data.';
    return {
      queue,
      from,
      read: { ...read, place: STREAM_START },
      gap: { from: time, to: now, detail: gone },
    };
  }
  if (!isStart && comparePlaces(read.last, from) < 0) {
    const older = 'Redis came back with older data: what happened after it was saved is not in it any more.';
    return {
      queue,
      from,
      read: { ...read, place: read.last },
      gap: { from: timeOf(read.last), to: now, detail: older },
    };
  }
  if (read.place === from) return undefined;
  const isTrimmed = !isStart && read.first !== '' && comparePlaces(read.first, from) > 0;
  return {
    queue,
    from,
    read: withoutHalf(read),
    gap: isTrimmed
      ? {
          from: time,
          to: timeOf(read.first),
          detail: 'Nobody recorded for longer than the stream of events reaches back.',
        }
      : undefined,
  };
}

/** The stall check tells of one thing in two entries; the first alone would be taken for a failure. */
function withoutHalf(read: StreamRead): StreamRead {
  const last = read.events.at(-1);
  const before = read.events.at(-2);
  const isHalf =
    last?.name === 'waiting' && last.prev === 'active' && comparePlaces(read.place, read.last) < 0;
  if (!isHalf || !before) return read;
  return { ...read, events: read.events.slice(0, -1), place: `${before.at}-${before.seq}` };
}
