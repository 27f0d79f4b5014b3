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

export interface KnownState {
  state: TaskState;
  /** ms */
  createdAt: number;
  finishedAt: number | null;
}
