import { isSettled, type TaskState } from '../contract/states.js';

/** What happened to a task, in our words. */
export type TaskEventName =
  | 'added'
  | 'waiting'
  | 'delayed'
  | 'active'
  | 'progress'
  | 'log'
  | 'stalled'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'expired'
  | 'removed';

/** One entry of a queue's event stream. */
export interface TaskEvent {
  /** Place in the queue's stream, `<ms>-<n>`; later ones are greater. */
  streamId: string;
  queue: string;
  id: string;
  event: TaskEventName;
  /** The state this event leads to; none for what changes no state. */
  state?: TaskState;
  /** ms, by Redis's clock. */
  at: number;
  /** Progress as JSON, with `progress` only. */
  data?: string;
}

const STATES: Record<TaskEventName, TaskState | undefined> = {
  added: undefined,
  waiting: 'waiting',
  delayed: 'delayed',
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

/** The event in a stream entry's flat list of fields; undefined for those that tell of no task (`drained`, `paused`, ...). */
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

/** Whether this is what whoever follows the task waits for. */
export function endsTask({ event, state }: TaskEvent): boolean {
  return event === 'removed' || (state !== undefined && isSettled(state));
}

/** Whether a reader's word for a place can be one: Redis refuses what is longer than 64 bits with an error. */
export function isStreamId(text: string): boolean {
  return /^\d{1,15}-\d{1,15}$/.test(text);
}

/** Compares two places in one stream: negative when `a` is earlier. */
export function compareStreamIds(a: string, b: string): number {
  const [aMs, aN] = a.split('-').map(Number) as [number, number];
  const [bMs, bN] = b.split('-').map(Number) as [number, number];
  return aMs - bMs || aN - bN;
}
