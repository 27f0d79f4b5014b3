import { TaskTimeoutError } from '../contract/outcomes.js';

/** One attempt under way: what can stop it, and why it was stopped. */
export class TaskRun {
  private readonly controller = new AbortController();
  private readonly timers: NodeJS.Timeout[] = [];
  private rejectHard: (error: Error) => void = () => undefined;

  constructor(
    readonly taskId: string,
    readonly type: string,
    readonly startedAt: number,
  ) {}

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Asks the handler to stop; the first reason stays. */
  abort(reason: Error): void {
    if (!this.controller.signal.aborted) this.controller.abort(reason);
  }

  /** The handler's outcome, or a timeout: soft ones ask, hard ones give up waiting for it. */
  async within<T>(work: () => Promise<T> | T, soft: number | undefined, hard: number | undefined): Promise<T> {
    if (soft !== undefined) {
      this.timers.push(setTimeout(() => this.abort(timedOut('soft', soft)), soft));
    }
    if (hard === undefined) return work();
    const over = new Promise<never>((_, reject) => (this.rejectHard = reject));
    this.timers.push(
      setTimeout(() => {
        this.abort(timedOut('hard', hard));
        this.rejectHard(timedOut('hard', hard));
      }, hard),
    );
    return Promise.race([work(), over]);
  }

  end(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }
}

function timedOut(kind: 'soft' | 'hard', ms: number): TaskTimeoutError {
  return new TaskTimeoutError(`Timed out: still running after its ${kind} limit of ${ms} ms`);
}
