import type { TaskState } from './states.js';

/** How far a running task has come. `percent` is 0-100; it is `null` while the total is unknown. */
export interface TaskProgress {
  percent: number | null;
  done?: number;
  total?: number;
  message?: string;
}

export interface TaskFailure {
  name: string;
  message: string;
  /** Left out of lists, and where the failing code gave none. */
  stack?: string;
}

/**
 * One task as REST and pages show it. Times are ISO 8601 in UTC, durations milliseconds.
 *
 * Lists leave `input` and `result` out where they are large (`inputPreview` stands in): a page of
 * fifty tasks must not move fifty payloads.
 */
export interface TaskView {
  id: string;
  type: string;
  queue: string;
  state: TaskState;
  input?: unknown;
  /** The first characters of the input as JSON, in lists only. */
  inputPreview?: string;
  result?: unknown;
  error: TaskFailure | null;
  progress: TaskProgress | null;
  attempts: { made: number; max: number };
  priority: number;
  tags: string[];
  createdAt: string;
  /** Set while the task waits for its time: a delay, a run-at, or the pause before the next attempt. */
  delayUntil?: string;
  expiresAt?: string;
  startedAt?: string;
  finishedAt?: string;
  /** From being ready to run until the (last) start. */
  waitMs?: number;
  /** Of the last attempt; of the running one up to now. */
  runMs?: number;
  /** Name of the worker that ran it last. */
  worker?: string;
  /** Id of the task this one was rerun from. */
  origin?: string;
  /** Where only the history has it: Redis has dropped it, or it is of another program. It is not acted on there. */
  kept?: 'history';
  /** What was too long to be kept whole, and is left out for that. */
  cut?: ('input' | 'result')[];
  /** Set on `cancelled`: who asked, when and why. */
  cancelled?: { by: string; at: string; reason?: string };
  /** Set while it runs on though it is to be cancelled; `note` says what it waits for, in the answer to a cancel. */
  cancelRequested?: { by: string; at: string; reason?: string; note?: string };
  links: { self: string; page: string; events: string; logs: string };
}

/** One run of a task by one worker. `outcome` is absent while it runs. */
export interface AttemptView {
  number: number;
  worker?: string;
  startedAt?: string;
  finishedAt?: string;
  runMs?: number;
  outcome?: 'completed' | 'failed' | 'lost' | 'cancelled' | 'expired';
  error?: TaskFailure;
  /** APP_VERSION of the worker that ran it, where it is known. */
  version?: string;
}

export interface TransitionView {
  at: string;
  state: TaskState;
  attempt?: number;
  detail?: string;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** One line a handler wrote with `ctx.log`. `n` counts from 0 and never repeats within a task. */
export interface LogLine {
  n: number;
  at: string;
  level: LogLevel;
  attempt: number;
  text: string;
}

export interface TaskPage {
  items: TaskView[];
  /** How many match; at least so many where `totalIsExact` is false. */
  total: number;
  totalIsExact: boolean;
  nextCursor?: string;
  /** Set while the list is behind what happens, by so many ms. */
  lagMs?: number;
}
