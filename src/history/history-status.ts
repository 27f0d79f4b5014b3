/** What the recorder of the history is doing, as plain data. */
export interface RecorderStatus {
  /**
   * `recording` up to date, `catching-up` behind by more than a second, `elsewhere` another process records, `starting`,
   * `away` Redis does not answer, `stopped`.
   */
  state: 'recording' | 'catching-up' | 'elsewhere' | 'starting' | 'away' | 'stopped';
  /** Who records, where that is known. */
  holder?: { host: string; pid: number; since: string };
  at: string;
  /** How old the oldest event is that is not recorded yet; 0 where there is none. */
  lagMs: number;
  /** Tasks recorded per second, of the last 10 seconds. */
  perSecond: number;
  /** What it stumbles over, while it does; it tries again by itself. */
  error?: string;
  queues: FollowedQueue[];
  gaps: HistoryGap[];
}

export interface FollowedQueue {
  /** As in the history: other programs' queues with their prefix, `bull:mail`. */
  name: string;
  ours: boolean;
  /** The last entry of its event stream that is recorded. */
  place: string;
  lagMs: number;
}

/** A stretch of a queue's events that was gone before it could be read. */
export interface HistoryGap {
  queue: string;
  /** ISO 8601; the last event recorded before it, and the first after it. */
  from: string;
  to: string;
  noticedAt: string;
  /** When all that Redis still had of that time was read. */
  reconciledAt?: string;
  /** Tasks read from Redis's sets because of it. */
  found: number;
  /** Known, unsettled tasks whose end nobody will know. */
  vanished: number;
  /** Ids of some of them. */
  sample: string[];
  detail: string;
}

/** What others may ask the recorder. */
export abstract class HistoryStatus {
  /** Cheap: nothing is read for it. */
  abstract status(): RecorderStatus;

  /**
   * Resolves with true when all that stood in the event streams at the time of the call is recorded: who wrote before
   * can read it now. False after `maxMs` (150 unless told), and at once where Redis is away or the recorder far behind.
   */
  abstract caughtUp(maxMs?: number): Promise<boolean>;
}
