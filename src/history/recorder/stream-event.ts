/** One entry of a queue's event stream, as `READ_STREAMS` returns it. */
export interface StreamEvent {
  /** The entry's id is `<at>-<seq>`; `at` in ms by Redis's clock. */
  at: number;
  seq: number;
  /** BullMQ's word. */
  name: string;
  id: string;
  /** The state it comes from, where the event tells; `held` where a limit holds the task back,
   *  `moved:` and the other queue where it was moved. */
  prev: string;
  /** What the event carries besides: name, result, reason, time due, progress. */
  value: string;
}

export const STREAM_START = '0-0';

/** When the entry was written, ms. */
export function timeOf(place: string): number {
  return Number.parseInt(place, 10);
}

/** Negative when `a` is earlier. */
export function comparePlaces(a: string, b: string): number {
  const [aMs, aN] = a.split('-').map(Number) as [number, number];
  const [bMs, bN] = b.split('-').map(Number) as [number, number];
  return aMs - bMs || aN - bN;
}
