import type { TaskRef } from '../ports/rows.js';
import type { Followed } from './followed-queues.js';
import type { TaskEvent } from '../../bullmq/codec/task-event.js';

/** Events of one task id within a batch. */
export interface Group {
  queue: Followed;
  ref: TaskRef;
  /** Events of the current, or latest, job with this id. */
  events: TaskEvent[];
  /** Events of former jobs with this id within the batch, oldest first: another program may reuse an id. */
  earlier: TaskEvent[][];
}

/** Groups events by task, in the order of each task's first event. */
export function toGroups(queue: Followed, events: readonly TaskEvent[]): Group[] {
  const groups = new Map<string, Group>();
  for (const event of events) {
    const group = groups.get(event.id);
    if (!group) {
      groups.set(event.id, { queue, ref: { queue: queue.name, id: event.id }, events: [event], earlier: [] });
      continue;
    }
    // BullMQ emits `duplicated` for an id that exists, so the former job is gone.
    if (event.name === 'added') {
      group.earlier.push(group.events);
      group.events = [event];
    } else group.events.push(event);
  }
  return [...groups.values()];
}

/** Whether the events of this batch begin with the addition of a new job. */
export function beginsNew({ events, earlier: [first = events] }: Group): boolean {
  return first[0]!.name === 'added';
}

/** Tolerated difference between the clocks of a client and of Redis, ms. */
const SKEW_MS = 5000;

/** Whether the task in the history, created at `created`, is a different one than the first of this group. */
export function isAnother(created: number, group: Group, createdAt: number | undefined): boolean {
  if (group.earlier.length === 0 && createdAt !== undefined) return created !== createdAt;
  const [first = group.events] = group.earlier;
  return Math.abs(created - first[0]!.at) > SKEW_MS;
}
