import { setTimeout as delay } from 'node:timers/promises';
import { PermanentError, RetryLaterError } from '../../task-api/outcomes.js';
import type { LogLevel } from '../../task-api/task-handler.js';
import { markAsAbort } from '../abort-origin.js';
import { GiveBackError } from '../attempt-end.js';
import { HardTimeoutError } from '../task-run.js';
import { fromRecord, recordOf } from '../normalize-error.js';
import { type DeathCount, toProcessError, type Death } from './child-death.js';
import type { IsolatedChild } from './isolated-child.js';
import type { StepResults } from '../step-results.js';
import {
  toStopReason,
  type StepResultReply,
  type OnceQuestion,
  type ReportEntry,
  type TaskOutcome,
} from './messages.js';

/** Timeout for the exit of a killed process, ms. The kernel may have to free gigabytes of memory. */
const EXIT_TIMEOUT_MS = 1_000;

/** One attempt, as its runner sees it. */
export interface IsolatedRun {
  taskId: string;
  attempt: number;
  maxAttempts: number;
  /** The handler receives the signal's reason. A reason with `force: true` kills the process at once. */
  signal: AbortSignal;
  /** Called when a child has been given the task. */
  onStart?: () => void;
  /**
   * Counted from that start, ms. Then the process is killed and the attempt fails with a
   * TaskTimeoutError.
   */
  hardTimeoutMs?: number | undefined;
  stepResults: StepResults;
  progress(done: number, total: number, message?: string): unknown;
  log(text: string, level: LogLevel): void;
}

/** One attempt in a child: forwards the messages in both directions, and kills the child if necessary. */
export class IsolatedAttempt {
  /** Reason for which the attempt killed the child, if it did. */
  private killedFor: unknown;
  private wasKilled = false;
  private graceTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly child: IsolatedChild,
    private readonly run: IsolatedRun,
    private readonly deaths: DeathCount,
    /** Returns how long the handler may continue after `reason`, ms. */
    private readonly graceMs: (reason: unknown) => number,
  ) {}

  /** Returns the handler's result. Rejects with the error that ended the attempt. */
  async result(outcome: Promise<TaskOutcome>): Promise<unknown> {
    const { signal, hardTimeoutMs, taskId } = this.run;
    const onAbort = () => this.abort(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const hardTimer =
      hardTimeoutMs === undefined
        ? undefined
        : setTimeout(() => this.kill(new HardTimeoutError(hardTimeoutMs)), hardTimeoutMs);
    try {
      const end = await Promise.race([outcome, this.child.gone]);
      if (!('kind' in end)) throw this.toDeathError(end);
      this.deaths.reset(taskId);
      if (end.kind === 'done') return JSON.parse(end.json) as unknown;
      throw this.toThrown(end);
    } finally {
      clearTimeout(hardTimer);
      clearTimeout(this.graceTimer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  forward(entries: ReportEntry[]): void {
    for (const entry of entries) {
      if ('log' in entry) this.run.log(...entry.log);
      else void ignoreRejection(() => this.run.progress(...entry.progress));
    }
  }

  /** Answers `ctx.once` of the child. */
  async answer({ run, call, key, json }: OnceQuestion): Promise<StepResultReply> {
    const { stepResults } = this.run;
    try {
      const found = json === undefined ? await stepResults.find(key) : await stepResults.save(key, json);
      return { kind: 'step-result', run, call, ...(found === undefined ? {} : { json: found }) };
    } catch (thrown) {
      return { kind: 'step-result', run, call, error: recordOf(thrown) };
    }
  }

  /**
   * Kills the child without a grace period; the task ends with `reason`. Resolves when the process has
   * exited.
   */
  async kill(reason: unknown): Promise<void> {
    if (!this.wasKilled) {
      this.wasKilled = true;
      this.killedFor = reason;
      this.child.kill();
    }
    await Promise.race([this.child.gone, delay(EXIT_TIMEOUT_MS, undefined, { ref: false })]);
  }

  private abort(reason: unknown): void {
    const graceMs = this.graceMs(reason);
    if (graceMs <= 0) return void this.kill(reason);
    this.child.abort(toStopReason(reason));
    this.graceTimer = setTimeout(() => void this.kill(reason), graceMs);
  }

  private toDeathError(death: Death): unknown {
    const { signal, taskId } = this.run;
    if (this.wasKilled) return this.killedFor;
    // The task was asked to stop and stopped. The exit code does not matter.
    if (signal.aborted) return signal.reason;
    const error = toProcessError(death);
    // A run in another process shows which task causes the crash.
    if (death.crash?.ofEarlierTask) return new GiveBackError(error);
    return this.deaths.record(taskId, error);
  }

  private toThrown({
    error,
    permanent,
    aborted,
    retryLaterMs,
  }: Extract<TaskOutcome, { kind: 'failed' }>): unknown {
    const thrown = fromRecord(error, toErrorCopy(error.message, permanent, retryLaterMs));
    return aborted ? markAsAbort(thrown) : thrown;
  }
}

/** Creates an error of the class that decides the next state of the task. */
function toErrorCopy(message: string, permanent: boolean, retryLaterMs: number | undefined): Error {
  if (retryLaterMs === undefined) return permanent ? new PermanentError(message) : new Error(message);
  // Not validated here: the end of the attempt checks the field.
  return Object.assign(new RetryLaterError(0, message), { delayMs: retryLaterMs });
}

/** Ignores the rejection of `progress` for an aborted task. */
async function ignoreRejection(report: () => unknown): Promise<void> {
  try {
    await report();
  } catch {
    // See above.
  }
}
