import type { TaskRef } from '../store/rows.js';
import type { Followed } from './followed-queues.js';
import type { StreamEvent } from './stream-event.js';

/** What happened to the bearer of one id. */
export interface Group {
  queue: Followed;
  ref: TaskRef;
  /** Of the job that bears the id now, or did last. */
  events: StreamEvent[];
  /** Of those that bore it before within the same batch, oldest first: another program may use an id again. */
  earlier: StreamEvent[][];
}

/** By task, in the order of their first event. */
export function toGroups(queue: Followed, events: readonly StreamEvent[]): Group[] {
  const groups = new Map<string, Group>();
  for (const event of events) {
    const group = groups.get(event.id);
    if (!group) {
      groups.set(event.id, { queue, ref: { queue: queue.name, id: event.id }, events: [event], earlier: [] });
      continue;
    }
    // Of an id that is there already BullMQ says `duplicated`, so the one before is gone.
    if (event.name === 'added') {
      group.earlier.push(group.events);
      group.events = [event];
    } else group.events.push(event);
  }
  return [...groups.values()];
}

/** All events of this batch about the id begin with a job that is new. */
export function beginsNew({ events, earlier: [first = events] }: Group): boolean {
  return first[0]!.name === 'added';
}

/** Clocks of a client and of Redis may differ so much, ms. */
const SKEW_MS = 5000;

/** Whether a task in the history, created then, is another one than the first of this group. */
export function isAnother(created: number, group: Group, timestamp: string | undefined): boolean {
  if (group.earlier.length === 0 && timestamp !== undefined) return created !== Number(timestamp);
  const [first = group.events] = group.earlier;
  return Math.abs(created - first[0]!.at) > SKEW_MS;
}
