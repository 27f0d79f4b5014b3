import { isFinished, type TaskState } from '../model/states.js';

/** Names of task events. */
export type TaskEventName =
  | 'added'
  | 'waiting'
  | 'delayed'
  | 'waiting-children'
  | 'active'
  | 'progress'
  | 'log'
  | 'stalled'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'expired'
  | 'removed';

/** Entry of a queue's event stream. */
export interface TaskEvent {
  /** Position in the queue's stream, `<ms>-<n>`; later ones are greater. */
  streamId: string;
  queue: string;
  id: string;
  event: TaskEventName;
  /** New state; absent for an event that changes no state. */
  state?: TaskState;
  /** Time by Redis's clock, ms. */
  at: number;
  /** Progress as JSON; only for `progress`. */
  data?: string;
}

const STATES: Record<TaskEventName, TaskState | undefined> = {
  added: undefined,
  waiting: 'waiting',
  delayed: 'delayed',
  'waiting-children': 'waiting-children',
  active: 'active',
  progress: undefined,
  log: undefined,
  stalled: 'waiting',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  expired: 'expired',
  removed: undefined,
};

/** Converts a stream entry's flat list of fields; undefined for events that concern no task (`drained`, `paused`, ...). */
export function toTaskEvent(
  queue: string,
  streamId: string,
  fields: readonly string[],
): TaskEvent | undefined {
  let event: string | undefined;
  let id: string | undefined;
  let data: string | undefined;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === 'event') event = fields[i + 1];
    else if (fields[i] === 'jobId') id = fields[i + 1];
    else if (fields[i] === 'data') data = fields[i + 1];
  }
  if (!id || !event || !Object.hasOwn(STATES, event)) return undefined;
  const name = event as TaskEventName;
  const state = STATES[name];
  return {
    streamId,
    queue,
    id,
    event: name,
    ...(state ? { state } : {}),
    at: Number.parseInt(streamId, 10),
    ...(name === 'progress' && data !== undefined ? { data } : {}),
  };
}

/** True if the task is finished or removed by this event, which its watchers wait for. */
export function endsTask({ event, state }: TaskEvent): boolean {
  return event === 'removed' || (state !== undefined && isFinished(state));
}

/** Validates a stream id from a client: Redis rejects numbers above 64 bits with an error. */
export function isStreamId(text: string): boolean {
  return /^\d{1,15}-\d{1,15}$/.test(text);
}

/** Compares two positions in one stream: negative if `a` is earlier. */
export function compareStreamIds(a: string, b: string): number {
  const [aMs, aN] = a.split('-').map(Number) as [number, number];
  const [bMs, bN] = b.split('-').map(Number) as [number, number];
  return aMs - bMs || aN - bN;
}
