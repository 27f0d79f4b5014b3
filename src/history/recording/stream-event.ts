/** One entry of a queue's event stream, as `READ_STREAMS` returns it. */
export interface StreamEvent {
  /** The entry's id is `<at>-<seq>`; `at` in ms by Redis's clock. */
  at: number;
  seq: number;
  /** Event name of BullMQ. */
  name: string;
  id: string;
  /**
   * The previous state, if the event has one; `held` when a limit holds the task back; `moved:` plus the other queue
   * when it was moved.
   */
  prev: string;
  /** Additional value of the event: name, result, reason, due time or progress. */
  value: string;
}

export const STREAM_START = '0-0';

/** Time at which the entry was written, ms. */
export function timeOf(place: string): number {
  return Number.parseInt(place, 10);
}

/** Negative when `a` is earlier. */
export function comparePlaces(a: string, b: string): number {
  const [aMs, aN] = a.split('-').map(Number) as [number, number];
  const [bMs, bN] = b.split('-').map(Number) as [number, number];
  return aMs - bMs || aN - bN;
}
