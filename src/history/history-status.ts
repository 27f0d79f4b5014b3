/** Status of the history's recorder, as plain data. */
export interface RecorderStatus {
  /**
   * `recording`: up to date. `catching-up`: behind by more than a second. `elsewhere`: another process records into
   * this file. `starting`. `away`: Redis does not answer. `stopped`.
   */
  state: 'recording' | 'catching-up' | 'elsewhere' | 'starting' | 'away' | 'stopped';
  /** The recording process, if known. */
  holder?: { host: string; pid: number; since: string };
  at: string;
  /** Time at which Redis last confirmed which process records into this file; absent until then. */
  checkedAt?: string;
  /** Age of the oldest event that is not recorded yet, ms; 0 when there is none, null when unknown. */
  lagMs: number | null;
  /** The recorder pauses between batches, because workers and other programs need the processor cores. */
  yielding?: boolean;
  /** Tasks recorded per second, averaged over the last 10 seconds. */
  perSecond: number;
  /** The current problem. The recorder retries by itself. */
  error?: string;
  queues: FollowedQueue[];
  gaps: HistoryGap[];
}

export interface FollowedQueue {
  /** Name in the history. Other programs' queues have their prefix: `bull:mail`. */
  name: string;
  ours: boolean;
  /** The last recorded entry of its event stream. */
  place: string;
  /** See `RecorderStatus.lagMs`. */
  lagMs: number | null;
}

/** A range of a queue's events that was gone before it could be read. */
export interface HistoryGap {
  queue: string;
  /** ISO 8601; the last recorded event before the gap, and the first after it. */
  from: string;
  to: string;
  noticedAt: string;
  /** Time at which everything that Redis still had of the gap was read. */
  reconciledAt?: string;
  /** Tasks found in Redis's sets because of the gap. */
  found: number;
  /** Known, unfinished tasks whose outcome is lost. */
  vanished: number;
  /** Ids of some vanished tasks. */
  sample: string[];
  detail: string;
}

/** Whether a process records into this file without a problem. */
export function isBeingRecorded({ state, error }: RecorderStatus): boolean {
  return error === undefined && (state === 'elsewhere' || isRecordingHere(state));
}

/** Whether this process records. */
export function isRecordingHere(state: RecorderStatus['state']): boolean {
  return state === 'recording' || state === 'catching-up';
}

/** Clears the lags, when the recording progress is no longer known. */
export function withoutLag({ yielding: _, ...status }: RecorderStatus): RecorderStatus {
  return { ...status, lagMs: null, queues: status.queues.map((queue) => ({ ...queue, lagMs: null })) };
}

/** Status of the recorder for other parts of the app. */
export abstract class HistoryStatus {
  /** Cheap: reads nothing. */
  abstract status(): RecorderStatus;

  /**
   * Resolves to true once everything in the event streams at the time of the call is recorded, so that callers can
   * read their own writes. Resolves to false after `maxMs` (default 150), and at once when Redis is away or the
   * recorder is far behind.
   */
  abstract caughtUp(maxMs?: number): Promise<boolean>;
}
