import type { LogLevel } from '../task-api/task-handler.js';
import type { TaskState } from './states.js';

/** Progress of a running task. `percent` is 0-100, or `null` while the total is unknown. */
export interface TaskProgress {
  percent: number | null;
  done?: number;
  total?: number;
  message?: string;
  /**
   * Further values that another program reported, any JSON but null. Longer than 1,000 characters: the beginning as
   * text.
   */
  details?: unknown;
}

/**
 * Error of a handler, within limits: texts are cut, and parts of long chains and lists are omitted. Lists contain
 * only name and message.
 */
export interface TaskFailure {
  name: string;
  message: string;
  /** Absent if the failing code gave none. */
  stack?: string;
  /** Code such as `ECONNREFUSED`; a number as text. */
  code?: string;
  /** Other own properties as JSON. Values with secret names are hidden. */
  details?: Record<string, unknown>;
  cause?: TaskFailure;
  /** Inner errors of an AggregateError. */
  errors?: TaskFailure[];
  /** Number of causes omitted between this error and `cause`. */
  omittedCauses?: number;
  /** Number of inner errors omitted from `errors`. */
  omittedErrors?: number;
}

/**
 * Task as REST and pages show it. Times are ISO 8601 in UTC, durations milliseconds. Lists omit large `input` and
 * `result` and contain `inputPreview` instead: a page of fifty tasks must not transfer fifty payloads.
 */
export interface TaskView {
  id: string;
  type: string;
  queue: string;
  state: TaskState;
  input?: unknown;
  /** First characters of the input as JSON, in lists only. */
  inputPreview?: string;
  result?: unknown;
  error: TaskFailure | null;
  progress: TaskProgress | null;
  attempts: { made: number; max: number };
  priority: number;
  tags: string[];
  createdAt: string;
  /** Set while the task waits for a time: a delay, a run-at, or the backoff before the next attempt. */
  delayUntil?: string;
  expiresAt?: string;
  /** Time limits per attempt from its submission, ms; absent if those of its type apply. */
  softTimeoutMs?: number;
  hardTimeoutMs?: number;
  startedAt?: string;
  finishedAt?: string;
  /** Time from ready to run until the (last) start. */
  waitMs?: number;
  /** Duration of the last attempt, or of the running one until now. */
  runMs?: number;
  /** Name of the worker of the last attempt. */
  worker?: string;
  /** Id of the task that this one is a rerun of. */
  origin?: string;
  /**
   * Set if the task exists only in the history: Redis has dropped it, or it belongs to another program. Such a task
   * accepts no commands.
   */
  kept?: 'history';
  /** Values too long to store, and omitted. */
  cut?: ('input' | 'result')[];
  /** Set in the state `cancelled`: principal, time and reason. */
  cancelled?: { by: string; at: string; reason?: string };
  /** Set while a cancelled task still runs. `note` says what the cancel waits for, in its response only. */
  cancelRequested?: { by: string; at: string; reason?: string; note?: string };
  links: { self: string; page: string; events: string; logs: string };
}

/**
 * Attempt: one run of a task by a worker. `outcome` is absent while it runs, and if it returned the task to wait for
 * its children or for a time.
 */
export interface AttemptView {
  number: number;
  worker?: string;
  startedAt?: string;
  finishedAt?: string;
  runMs?: number;
  outcome?: 'completed' | 'failed' | 'lost' | 'cancelled' | 'expired' | 'postponed';
  error?: TaskFailure;
  /** APP_VERSION of its worker, if known. */
  version?: string;
}

export interface TransitionView {
  at: string;
  state: TaskState;
  attempt?: number;
  detail?: string;
}

/** Line that a handler wrote with `ctx.log`. `n` counts from 0 and never repeats within a task. */
export interface LogLine {
  n: number;
  at: string;
  level: LogLevel;
  attempt: number;
  text: string;
}

export interface TaskPage {
  items: TaskView[];
  /** Number of matches; a lower bound if `totalIsExact` is false. */
  total: number;
  totalIsExact: boolean;
  nextCursor?: string;
  /** Set while the list lags behind by so many ms; null if the lag is unknown. */
  lagMs?: number | null;
}
