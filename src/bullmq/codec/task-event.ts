import { isFinished, type TaskState } from '../../model/states.js';

/** Events of tasks, with the state that each leads to. Other events concern a whole queue or change nothing. */
const EVENT_STATES = {
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
} as const satisfies Record<string, TaskState | undefined>;

/** Fields of an entry of which one is the event's value: type, result, error message, due time or progress. */
export const VALUE_FIELDS: readonly string[] = ['name', 'returnvalue', 'failedReason', 'delay', 'data'];

/** Fields of an entry with the other queue of a move. */
export const MOVE_FIELDS: readonly string[] = ['movedTo', 'movedFrom'];

/** Entry of a queue's event stream. */
export interface TaskEvent {
  /** The entry's id is `<at>-<seq>`; `at` in ms by Redis's clock. */
  at: number;
  seq: number;
  /** Event name of BullMQ, or of Roost: `cancelled`, `expired` and `log`. */
  name: string;
  id: string;
  /**
   * Previous state, if the event has one; `held` when a limit holds the task back; `moved:` plus the other queue when it
   * was moved.
   */
  prev: string;
  /** Value of one of `VALUE_FIELDS`; progress and result as JSON. */
  value: string;
}

export const STREAM_START = '0-0';

/** Decodes a stream entry's flat list of fields. `READ_STREAMS` does the same in Lua. */
export function decodeEvent(place: string, fields: readonly string[]): TaskEvent {
  const event: TaskEvent = { ...splitPlace(place), name: '', id: '', prev: '', value: '' };
  for (let i = 0; i < fields.length - 1; i += 2) {
    const [field, value] = [fields[i]!, fields[i + 1]!];
    if (field === 'event') event.name = value;
    else if (field === 'jobId') event.id = value;
    else if (field === 'prev') event.prev = value;
    else if (field === 'held') event.prev = 'held';
    else if (MOVE_FIELDS.includes(field)) event.prev = `moved:${value}`;
    else if (VALUE_FIELDS.includes(field)) event.value = value;
  }
  return event;
}

/** True for an event of one task. */
export function isTaskEvent({ id, name }: TaskEvent): boolean {
  return id !== '' && Object.hasOwn(EVENT_STATES, name);
}

/** State that the event leads to; undefined for an event that changes none. */
export function stateAfter(name: string): TaskState | undefined {
  return Object.hasOwn(EVENT_STATES, name) ? EVENT_STATES[name as keyof typeof EVENT_STATES] : undefined;
}

/** True if the task is finished or removed by this event, which its watchers wait for. */
export function endsTask({ name }: Pick<TaskEvent, 'name'>): boolean {
  return name === 'removed' || finishesTask({ name });
}

export function finishesTask({ name }: Pick<TaskEvent, 'name'>): boolean {
  const state = stateAfter(name);
  return state !== undefined && isFinished(state);
}

/** Id of the event's entry in its stream. */
export function placeOf({ at, seq }: TaskEvent): string {
  return `${at}-${seq}`;
}

/** Time at which the entry was written, ms. */
export function timeOf(place: string): number {
  return Number.parseInt(place, 10);
}

export function splitPlace(place: string): { at: number; seq: number } {
  const dash = place.indexOf('-');
  const at = dash > 0 ? parseDigits(place, 0, dash) : timeOf(place);
  return { at, seq: parseDigits(place, dash + 1, place.length) };
}

/** Without the cost of a substring: it runs for every recorded event. */
function parseDigits(text: string, from: number, to: number): number {
  let number = 0;
  for (let i = from; i < to; i++) number = number * 10 + text.charCodeAt(i) - 48;
  return number;
}

/** Compares two places in one stream: negative if `a` is earlier. */
export function comparePlaces(a: string, b: string): number {
  const [one, other] = [splitPlace(a), splitPlace(b)];
  return one.at - other.at || one.seq - other.seq;
}

/** Validates a place from a client: Redis rejects numbers above 64 bits with an error. */
export function isPlace(text: string): boolean {
  return /^\d{1,15}-\d{1,15}$/.test(text);
}
