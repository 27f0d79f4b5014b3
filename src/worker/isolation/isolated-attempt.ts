import { setTimeout as delay } from 'node:timers/promises';
import { PermanentError, TaskTimeoutError } from '../../contract/outcomes.js';
import type { LogLevel } from '../../contract/task-view.js';
import { toError } from '../thrown.js';
import { type DeathCount, toProcessError, type Death } from './child-death.js';
import type { IsolatedChild } from './isolated-child.js';
import type { KeptResults } from '../once.js';
import {
  toErrorParts,
  toStopReason,
  type KeptAnswer,
  type OnceQuestion,
  type ReportEntry,
  type TaskOutcome,
} from './messages.js';

/** Waiting for a killed process to be gone, ms: the kernel may have gigabytes of it to clear away. */
const GONE_MS = 1_000;

/** One attempt, as its runner sees it. */
export interface IsolatedRun {
  taskId: string;
  attempt: number;
  maxAttempts: number;
  /** Its reason is passed on to the handler; a reason with `force: true` kills at once. */
  signal: AbortSignal;
  /** From the handler's start, ms; then the process is killed and the attempt fails with a TaskTimeoutError. */
  hardTimeoutMs?: number | undefined;
  kept: KeptResults;
  progress(done: number, total: number, message?: string): unknown;
  log(text: string, level: LogLevel): void;
}

/** One attempt in a child: passes on what comes and goes, and ends the child where it must. */
export class IsolatedAttempt {
  /** Why we killed the child, where we did. */
  private killedFor: unknown;
  private wasKilled = false;
  private graceTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly child: IsolatedChild,
    private readonly run: IsolatedRun,
    private readonly deaths: DeathCount,
    /** For how long the handler may go on after `reason`, ms. */
    private readonly graceMs: (reason: unknown) => number,
  ) {}

  /** The handler's result, or whatever ended it. */
  async result(outcome: Promise<TaskOutcome>): Promise<unknown> {
    const { signal, hardTimeoutMs, taskId } = this.run;
    const onAbort = () => this.abort(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    const hardTimer =
      hardTimeoutMs === undefined
        ? undefined
        : setTimeout(() => this.kill(timedOut(hardTimeoutMs)), hardTimeoutMs);
    try {
      const end = await Promise.race([outcome, this.child.gone]);
      if (!('kind' in end)) throw this.judgeDeath(end);
      this.deaths.forget(taskId);
      if (end.kind === 'done') return JSON.parse(end.json) as unknown;
      throw this.toThrown(end);
    } finally {
      clearTimeout(hardTimer);
      clearTimeout(this.graceTimer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  pass(entries: ReportEntry[]): void {
    for (const entry of entries) {
      if ('log' in entry) this.run.log(...entry.log);
      else void quietly(() => this.run.progress(...entry.progress));
    }
  }

  /** The child's `ctx.once`. */
  async answer({ run, call, key, json }: OnceQuestion): Promise<KeptAnswer> {
    const { kept } = this.run;
    try {
      const found = json === undefined ? await kept.find(key) : await kept.keep(key, json);
      return { kind: 'kept', run, call, ...(found === undefined ? {} : { json: found }) };
    } catch (thrown) {
      return { kind: 'kept', run, call, error: toErrorParts(toError(thrown)) };
    }
  }

  /** Ends the child without asking the handler; the task ends with `reason`. Resolves when the process is gone. */
  async kill(reason: unknown): Promise<void> {
    if (!this.wasKilled) {
      this.wasKilled = true;
      this.killedFor = reason;
      this.child.kill();
    }
    await Promise.race([this.child.gone, delay(GONE_MS, undefined, { ref: false })]);
  }

  private abort(reason: unknown): void {
    const graceMs = this.graceMs(reason);
    if (graceMs <= 0) return void this.kill(reason);
    this.child.abort(toStopReason(reason));
    this.graceTimer = setTimeout(() => void this.kill(reason), graceMs);
  }

  private judgeDeath(death: Death): unknown {
    const { signal, taskId } = this.run;
    if (this.wasKilled) return this.killedFor;
    // Asked to stop, it stopped; by which way is of no interest.
    if (signal.aborted) return signal.reason;
    return this.deaths.judge(taskId, toProcessError(death));
  }

  private toThrown({ error, permanent, aborted }: Extract<TaskOutcome, { kind: 'failed' }>): unknown {
    if (aborted && this.run.signal.aborted) return this.run.signal.reason;
    const thrown = permanent ? new PermanentError(error.message) : new Error(error.message);
    thrown.name = error.name;
    if (error.stack !== undefined) thrown.stack = error.stack;
    return thrown;
  }
}

function timedOut(ms: number): TaskTimeoutError {
  return new TaskTimeoutError(`Timed out: still running after its hard limit of ${ms} ms`);
}

/** Progress of a task that is being aborted is refused, which is nobody's error here. */
async function quietly(say: () => unknown): Promise<void> {
  try {
    await say();
  } catch {
    // See above.
  }
}
