import type { TaskState } from '../../model/states.js';

export interface NewGap {
  queue: string;
  /** ms */
  from: number;
  to: number;
  noticedAt: number;
  detail: string;
}

export interface StoredGap extends NewGap {
  id: number;
  reconciledAt: number | null;
  found: number;
  vanished: number;
  sample: string[];
}

/** Known progress of a task's attempts. */
export interface AttemptTail {
  /** Number of the last attempt; 0 for none. */
  starts: number;
  /** The last attempt has not finished. */
  isOpen: boolean;
  failures: number;
}

export interface KnownState {
  state: TaskState;
  /** ms */
  createdAt: number;
  finishedAt: number | null;
}
