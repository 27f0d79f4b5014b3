import { TaskTimeoutError } from '../contract/outcomes.js';

/** One attempt under way: what can stop it, and why it was stopped. */
export class TaskRun {
  private readonly controller = new AbortController();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly ended: Promise<void>;
  private resolveEnded: () => void = () => undefined;
  private giveUp: (error: Error) => void = () => undefined;

  constructor(
    readonly taskId: string,
    readonly type: string,
    readonly queue: string,
    readonly attempt: number,
    readonly startedAt: number,
  ) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Asks the handler to stop; the first reason stays. */
  abort(reason: Error): void {
    if (!this.controller.signal.aborted) this.controller.abort(reason);
  }

  /** No longer waits for a handler that does not listen: it may run on, but the task is over. */
  abandon(): void {
    const reason: unknown = this.signal.reason;
    this.giveUp(reason instanceof Error ? reason : new Error('The task was given up.'));
  }

  /** The handler's outcome, or a timeout: soft ones ask, hard ones give up waiting for it. */
  async within<T>(
    work: () => Promise<T> | T,
    soft: number | undefined,
    hard: number | undefined,
  ): Promise<T> {
    const over = new Promise<never>((_, reject) => (this.giveUp = reject));
    over.catch(() => undefined);
    if (soft !== undefined) this.timers.push(setTimeout(() => this.abort(timedOut('soft', soft)), soft));
    if (hard !== undefined) {
      this.timers.push(
        setTimeout(() => {
          this.abort(timedOut('hard', hard));
          this.giveUp(timedOut('hard', hard));
        }, hard),
      );
    }
    return Promise.race([work(), over]);
  }

  end(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.resolveEnded();
  }

  /** True once it has ended, false if it has not within `ms`. */
  async endsWithin(ms: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
    try {
      return await Promise.race([this.ended.then(() => true as const), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function timedOut(kind: 'soft' | 'hard', ms: number): TaskTimeoutError {
  return new TaskTimeoutError(`Timed out: still running after its ${kind} limit of ${ms} ms`);
}
