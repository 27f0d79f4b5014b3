import { AsyncLocalStorage } from 'node:async_hooks';
import { TaskTimeoutError } from '../task-api/outcomes.js';
import type { LogLevel } from '../task-api/task-handler.js';

/**
 * Attempt whose code runs now, including timers, events and promises that it left behind. Undefined in our
 * own code, and where a library calls back from a context of its own.
 */
export const runContext = new AsyncLocalStorage<TaskRun>();

/** The attempt exceeded its hard limit; its handler's outcome is ignored. */
export class HardTimeoutError extends TaskTimeoutError {
  constructor(ms: number) {
    super(timedOut('hard', ms));
  }
}

/** One attempt in progress: its abort signal, its timeouts and its outcome. */
export class TaskRun {
  /**
   * Created on first access: most handlers never use it, and it is the most expensive part of a short run.
   */
  private controller: AbortController | undefined;
  private stop: Error | undefined;
  private timers: NodeJS.Timeout[] | undefined;
  private hasEnded = false;
  private endListeners: (() => void)[] | undefined;
  private rejectRun: ((error: unknown) => void) | undefined;
  /** Outcome that was decided without the handler. */
  private failure: { error: unknown } | undefined;
  private isDecided = false;
  /** Number of times that the handler has asked for a later run, before this run. */
  postponed = 0;
  /** Adds a line to the task's log. Set once its handler runs. */
  log: ((text: string, level: LogLevel) => void) | undefined;

  constructor(
    readonly taskId: string,
    readonly type: string,
    readonly queue: string,
    /** Token of the lock that this run holds. */
    readonly token: string,
    readonly attempt: number,
    readonly startedAt: number,
    /**
     * Earlier runs of the task that were not counted as attempts: the worker stopped, crashed or was lost.
     */
    public uncounted = 0,
  ) {}

  /** Postponed runs are not counted as attempts either, and do not indicate a crash of the worker. */
  setPostponed(times: number): void {
    this.postponed = times;
    this.uncounted = Math.max(0, this.uncounted - times);
  }

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.stop) this.controller.abort(this.stop);
    }
    return this.controller.signal;
  }

  /** Reason why the task is to stop; undefined if it is not. */
  get reason(): Error | undefined {
    return this.stop;
  }

  throwIfAborted(): void {
    if (this.stop) throw this.stop;
  }

  /** Asks the handler to stop. Only the first reason applies. */
  abort(reason: Error): void {
    if (this.stop) return;
    this.stop = reason;
    // Errors of abort listeners belong to the handler.
    if (this.controller) runContext.run(this, () => this.controller?.abort(reason));
  }

  /** Stops waiting for a handler that ignores the abort. The handler may run on, but the task is over. */
  abandon(): void {
    this.fail(this.stop ?? new Error('The task was abandoned.'));
  }

  /**
   * Ends the attempt with `error`, regardless of its handler. Returns false if the outcome is already known.
   */
  fail(error: unknown): boolean {
    if (this.isDecided) return false;
    this.isDecided = true;
    this.failure = { error };
    this.rejectRun?.(error);
    return true;
  }

  /** Starts the timeouts, ms. A soft timeout aborts the signal; a hard timeout stops waiting. */
  startTimeouts(soft: number | undefined, hard?: number): void {
    if (soft !== undefined)
      this.startTimer(soft, () => this.abort(new TaskTimeoutError(timedOut('soft', soft))));
    if (hard !== undefined) {
      this.startTimer(hard, () => {
        const timeout = new HardTimeoutError(hard);
        this.abort(timeout);
        this.fail(timeout);
      });
    }
  }

  /** Returns the handler's outcome, or rejects when the attempt is decided before it. */
  outcomeOf<T>(work: () => Promise<T> | T): Promise<T> {
    if (this.failure) return Promise.reject(this.failure.error as Error);
    return new Promise<T>((resolve, reject) => {
      this.rejectRun = reject;
      const onResult = (result: T) => {
        this.isDecided = true;
        resolve(result);
      };
      const onError = (error: unknown) => {
        this.isDecided = true;
        reject(error as Error);
      };
      try {
        Promise.resolve(work()).then(onResult, onError);
      } catch (error) {
        onError(error);
      }
    });
  }

  private startTimer(ms: number, act: () => void): void {
    (this.timers ??= []).push(setTimeout(act, ms));
  }

  end(): void {
    this.hasEnded = true;
    for (const timer of this.timers ?? []) clearTimeout(timer);
    for (const listener of this.endListeners ?? []) listener();
  }

  /** Resolves to true once the attempt has ended, or to false if it has not within `ms`. */
  endsWithin(ms: number): Promise<boolean> {
    if (this.hasEnded) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      (this.endListeners ??= []).push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
}

function timedOut(kind: 'soft' | 'hard', ms: number): string {
  return `Timed out: still running after its ${kind} limit of ${ms} ms`;
}
