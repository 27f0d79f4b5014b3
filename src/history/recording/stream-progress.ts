import type { Followed } from './followed-queues.js';
import type { StreamRead } from '../../bullmq/event-streams.js';
import { comparePlaces, STREAM_START, timeOf } from '../../bullmq/codec/task-event.js';

/** Progress of one queue's stream beyond the recorded place. */
export interface Progressed {
  queue: Followed;
  read: StreamRead;
  from: string;
  gap: { from: number; to: number; detail: string } | undefined;
}

/** Returns undefined when nothing is new; includes a gap when unread entries are gone. `now`: ms by Redis. */
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
    const gone = 'The event stream is gone: the queue was removed, or Redis lost its data.';
    return {
      queue,
      from,
      read: { ...read, place: STREAM_START },
      gap: { from: time, to: now, detail: gone },
    };
  }
  if (!isStart && comparePlaces(read.last, from) < 0) {
    const older = 'Redis came back with older data: events after its last save are lost.';
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
    read: withoutHalfStall(read),
    gap: isTrimmed
      ? {
          from: time,
          to: timeOf(read.first),
          detail: 'No process recorded this queue for longer than its event stream reaches back.',
        }
      : undefined,
  };
}

/** The stall check emits two entries for one incident; the first alone would look like a failure. */
function withoutHalfStall(read: StreamRead): StreamRead {
  const last = read.events.at(-1);
  const before = read.events.at(-2);
  const isHalf =
    last?.name === 'waiting' && last.prev === 'active' && comparePlaces(read.place, read.last) < 0;
  if (!isHalf || !before) return read;
  return { ...read, events: read.events.slice(0, -1), place: `${before.at}-${before.seq}` };
}
