import { TaskTimeoutError } from '../contract/outcomes.js';

/** One attempt under way: what can stop it, and why it was stopped. */
export class TaskRun {
  /** Made when somebody asks for it: most handlers never do, and it is the dearest part of a short run. */
  private controller: AbortController | undefined;
  private stop: Error | undefined;
  private timers: NodeJS.Timeout[] | undefined;
  private hasEnded = false;
  private whenEnded: (() => void)[] | undefined;
  private giveUp: ((error: Error) => void) | undefined;

  constructor(
    readonly taskId: string,
    readonly type: string,
    readonly queue: string,
    readonly attempt: number,
    readonly startedAt: number,
  ) {}

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.stop) this.controller.abort(this.stop);
    }
    return this.controller.signal;
  }

  /** Why it is to stop; undefined while it is not. */
  get reason(): Error | undefined {
    return this.stop;
  }

  throwIfAborted(): void {
    if (this.stop) throw this.stop;
  }

  /** Asks the handler to stop; the first reason stays. */
  abort(reason: Error): void {
    if (this.stop) return;
    this.stop = reason;
    this.controller?.abort(reason);
  }

  /** No longer waits for a handler that does not listen: it may run on, but the task is over. */
  abandon(): void {
    this.giveUp?.(this.stop ?? new Error('The task was given up.'));
  }

  /** The handler's outcome, or a timeout: soft ones ask, hard ones give up waiting for it. */
  async within<T>(
    work: () => Promise<T> | T,
    soft: number | undefined,
    hard: number | undefined,
  ): Promise<T> {
    const timers: NodeJS.Timeout[] = (this.timers = []);
    if (soft !== undefined) timers.push(setTimeout(() => this.abort(timedOut('soft', soft)), soft));
    if (hard !== undefined) {
      timers.push(
        setTimeout(() => {
          this.abort(timedOut('hard', hard));
          this.giveUp?.(timedOut('hard', hard));
        }, hard),
      );
    }
    return new Promise<T>((resolve, reject) => {
      this.giveUp = reject;
      try {
        Promise.resolve(work()).then(resolve, reject);
      } catch (error) {
        reject(error as Error);
      }
    });
  }

  end(): void {
    this.hasEnded = true;
    for (const timer of this.timers ?? []) clearTimeout(timer);
    for (const tell of this.whenEnded ?? []) tell();
  }

  /** True once it has ended, false if it has not within `ms`. */
  endsWithin(ms: number): Promise<boolean> {
    if (this.hasEnded) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      (this.whenEnded ??= []).push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }
}

function timedOut(kind: 'soft' | 'hard', ms: number): TaskTimeoutError {
  return new TaskTimeoutError(`Timed out: still running after its ${kind} limit of ${ms} ms`);
}
