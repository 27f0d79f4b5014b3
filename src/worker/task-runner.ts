import { Inject, Injectable } from '@nestjs/common';
import { WaitingError, type Job } from 'bullmq';
import { SharedClock } from '../platform/clock.js';
import { TaskRegistry } from '../registry/task-registry.js';
import type { TaskType } from '../registry/task-type.js';
import { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import {
  PermanentError,
  TaskCancelledError,
  TaskLostError,
  WorkerStoppingError,
} from '../task-api/outcomes.js';
import { Limits } from '../limits/limits.js';
import { decodeEnvelope } from '../bullmq/codec/job-envelope.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { timeoutsOf, type TimeLimits } from '../bullmq/codec/to-task-view.js';
import { TaskTransitions } from '../bullmq/task-transitions.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { toAttemptContext } from './attempt-context.js';
import { toAttemptEnd } from './attempt-end.js';
import { type Attempt, AttemptStore } from './attempt-store.js';
import { AttemptFailure } from './to-unrecoverable.js';
import type { CompletedJob } from '../bullmq/patches/completion-script.js';
import { toCappedBackoff } from './capped-backoff.js';
import { Handlers } from './handlers.js';
import { Isolation } from './isolation/isolation.js';
import { RedisStepResults } from './redis-step-results.js';
import { AttemptCounters } from './attempt-counters.js';
import { TaskReporter } from './task-reporter.js';
import { toResultJson } from './task-result.js';
import { runContext, TaskRun } from './task-run.js';
import type { LostLock } from '../bullmq/patches/patched-worker.js';
import { isInstance, toError } from './normalize-error.js';
import { queueBase } from '../bullmq/keys.js';

/**
 * Runs a task in a worker: checks for cancellation and expiry, finds its type, waits for its limits,
 * validates the input again, runs the handler and stores the outcome. The `@Processor` classes pass every job
 * to it.
 */
@Injectable()
export class TaskRunner {
  private readonly running = new Map<string, TaskRun>();

  constructor(
    private readonly registry: TaskRegistry,
    private readonly handlers: Handlers,
    private readonly isolation: Isolation,
    private readonly limits: Limits,
    private readonly transitions: TaskTransitions,
    private readonly counters: AttemptCounters,
    private readonly attempts: AttemptStore,
    private readonly settings: Settings,
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    private readonly clock: SharedClock,
  ) {}

  /** Number of tasks that run in this process. */
  get active(): number {
    return this.running.size;
  }

  activeIn(queue: string): number {
    let count = 0;
    for (const run of this.running.values()) if (run.queue === queue) count++;
    return count;
  }

  find(taskId: string): TaskRun | undefined {
    return this.running.get(taskId);
  }

  /** Returns true if the handler runs in a separate process, which can be killed. */
  isIsolated({ type }: TaskRun): boolean {
    return this.registry.find(type)?.isolate === true;
  }

  /** Lists the running tasks, longest running first. */
  list(): TaskRun[] {
    return [...this.running.values()].sort((a, b) => a.startedAt - b.startedAt);
  }

  async run(job: Job, token: string): Promise<unknown> {
    const attempt = this.begin(job, token);
    try {
      // Most tasks need neither check nor wait: each `await` saved is a promise less in every task.
      if (job.attemptsStarted > 1) await this.dropIfCancelled(attempt);
      if (this.isExpired(attempt)) await this.dropExpired(attempt);
      const type = this.resolve(job);
      const admission = this.limits.admit(type, job, token);
      if (admission !== 'go' && (await admission) !== 'go') throw new LeftQueue('held back');
      const result = await this.execute(type, attempt);
      // The handler ignored the abort: its task is cancelled or belongs to another worker, so the result is
      // dropped.
      if (isCancelledOrLost(attempt.run)) attempt.run.throwIfAborted();
      this.counters.increment(job.name, 'completed');
      this.attempts.logOutcome(attempt, 'completed');
      return result;
    } catch (thrown) {
      throw await this.settle(thrown, attempt).catch((error) => new AttemptFailure(toError(error), false));
    } finally {
      const released = this.limits.release(job, token);
      if (released) await released;
      attempt.run.end();
      // The task may have come back to this worker in the meantime.
      if (this.running.get(attempt.run.taskId) === attempt.run) this.running.delete(attempt.run.taskId);
    }
  }

  /**
   * Aborts the runs whose locks expired: another worker runs their tasks by now, so their results here are
   * dropped. A later run of the same task in this worker holds another lock and continues.
   */
  abortLost(locks: readonly LostLock[]): void {
    for (const { taskId, token } of locks) {
      const run = this.running.get(taskId);
      if (run?.token === token) run.abort(new TaskLostError());
    }
  }

  /** Asks every running task to stop, so that it returns to its queue. */
  stopAll(reason: string): void {
    for (const run of this.running.values()) run.abort(new WorkerStoppingError(reason));
  }

  private begin(job: Job, token: string): Attempt {
    const { attemptsStarted, attemptsMade } = job;
    const uncounted = attemptsStarted - attemptsMade - 1;
    const run = new TaskRun(
      job.id!,
      job.name,
      job.queueName,
      token,
      attemptsStarted,
      this.clock.now(),
      uncounted,
    );
    // This worker lost the task and got it again, before the renewal of the earlier lock failed.
    this.running.get(run.taskId)?.abort(new TaskLostError());
    this.running.set(run.taskId, run);
    const base = queueBase(this.settings.QUEUE_PREFIX, job.queueName);
    return { job, token, base, run, envelope: decodeEnvelope(job.data) };
  }

  /**
   * Drops a task that was cancelled while a worker ran it that no longer exists. A first start cannot have
   * been cancelled so.
   */
  private async dropIfCancelled({ job, token, base, run }: Attempt): Promise<void> {
    const { mark, postponed } = await this.transitions.loadEarlierRuns(base, job.id!);
    run.setPostponed(postponed);
    if (!mark) return;
    await this.transitions.finish(base, job.id!, 'cancelled', mark, token);
    this.counters.increment(job.name, 'cancelled');
    throw new LeftQueue('cancelled');
  }

  /** Expiry does not apply to a retry of a task that started in time. */
  private isExpired({ job, envelope: { expiresAt } }: Attempt): boolean {
    return expiresAt !== undefined && expiresAt <= this.clock.now() && job.attemptsMade === 0;
  }

  private async dropExpired({ job, token, base }: Attempt): Promise<never> {
    await this.transitions.finish(
      base,
      job.id!,
      'expired',
      { by: 'roost', at: this.clock.now(), reason: 'It had not started by its expiry.' },
      token,
    );
    throw new LeftQueue('expired');
  }

  private resolve(job: Job): TaskType {
    const type = this.registry.find(job.name);
    if (type) return type;
    const known = this.registry.all().map(({ name }) => name);
    throw new PermanentError(
      `This worker knows no task type \`${job.name.slice(0, 60)}\`; it knows ${known.sort().join(', ')}`,
    );
  }

  /** Validates the input again: the code may have changed since the submission, and a retry cannot help. */
  private async validate(type: TaskType, input: unknown): Promise<object> {
    try {
      return await this.registry.validate(type, input);
    } catch (error) {
      if (error instanceof RoostError)
        throw new PermanentError(`The input no longer fits the task type: ${error.detail}`);
      throw error;
    }
  }

  private async execute(type: TaskType, attempt: Attempt): Promise<unknown> {
    const { job, run } = attempt;
    const reporter = new TaskReporter(
      (progress, lines) => this.attempts.report(attempt, progress, lines),
      job.attemptsStarted,
      run,
    );
    run.log = (text, level) => reporter.log(text, level);
    const stepResults = new RedisStepResults(this.redis, attempt.base, job.id!, run);
    const context = toAttemptContext(job, run, reporter, stepResults);
    const { softTimeoutMs, hardTimeoutMs } = this.limits.timeoutsFor(
      type,
      timeoutsOf(job.opts as TimeLimits),
    );
    try {
      let outcome: unknown;
      if (type.isolate) {
        // The child validates the input, so that code of the input class runs once, in a process that can be
        // killed. The hard limit is enforced by killing the process, so no abandoned handler is left running.
        // The time that a child needs to start is not the handler's: the limits begin when the child has the
        // task.
        const onStart = () => run.startTimeouts(softTimeoutMs);
        const isolated = { ...context, stepResults, hardTimeoutMs, onStart };
        outcome = await run.outcomeOf(() => this.isolation.run(type, attempt.envelope.input, isolated));
      } else {
        const input = await runContext.run(run, () => this.validate(type, attempt.envelope.input));
        const handler = this.handlers.get(type);
        run.startTimeouts(softTimeoutMs, hardTimeoutMs);
        outcome = await run.outcomeOf(() => runContext.run(run, () => handler.run(input, context)));
      }
      const result = checkResult(outcome, type);
      const last = isCancelledOrLost(run) ? undefined : reporter.removeLast();
      if (last !== undefined)
        (job as CompletedJob).lastFields = this.attempts.toReportedFields(attempt, last);
      return result;
    } finally {
      const reported = reporter.close();
      if (reported) await reported;
    }
  }

  /** Returns the error by which BullMQ ends an attempt that did not complete. */
  private async settle(thrown: unknown, attempt: Attempt): Promise<Error> {
    if (isInstance(thrown, LeftQueue)) return this.toWaitingError(attempt, thrown.state);
    const { job, token, base, run } = attempt;
    const end = toAttemptEnd(thrown, run);
    if (end.to === 'cancelled') {
      const mark = (await this.transitions.findCancelRequest(base, job.id!)) ?? {
        by: 'roost',
        at: this.clock.now(),
      };
      await this.transitions.finish(base, job.id!, 'cancelled', mark, token);
      this.counters.increment(job.name, 'cancelled');
    } else if (end.to === 'waiting') {
      await job.moveToWait(token);
    } else if (end.to === 'delayed') {
      const isOurs = await this.attempts.storeEnd(attempt, end.error, 'postponed');
      if (!isOurs) return this.toWaitingError(attempt, 'lost');
      await job.moveToDelayed(Date.now() + end.delayMs, token);
    }
    if (end.to !== 'failed') return this.toWaitingError(attempt, end.to);
    const { error, permanent } = end;
    const willRetry = !permanent && job.attemptsMade + 1 < (job.opts.attempts ?? 1);
    // The lock expired before this worker was notified, so the failure is not ours to store.
    if (!(await this.attempts.storeEnd(attempt, error, willRetry ? 'retried' : 'failed')))
      return this.toWaitingError(attempt, 'lost');
    if (willRetry) job.opts.backoff = toCappedBackoff(job.opts.backoff, job.attemptsMade + 1);
    this.counters.increment(job.name, willRetry ? 'retried' : 'failed');
    this.attempts.logOutcome(attempt, willRetry ? 'failed, to be tried again' : 'failed', error);
    return new AttemptFailure(error, permanent);
  }

  /** Returns the error by which BullMQ drops the job without finishing it and fetches the next one. */
  private toWaitingError(attempt: Attempt, state: string): WaitingError {
    this.attempts.logOutcome(attempt, state);
    return new WaitingError();
  }
}

function isCancelledOrLost({ reason }: TaskRun): boolean {
  return reason instanceof TaskCancelledError || reason instanceof TaskLostError;
}

/** The task has already been finished or given back. */
class LeftQueue extends Error {
  constructor(readonly state: string) {
    super(state);
  }
}

/**
 * Converts the result to plain data: BullMQ serializes it again, and a `toJSON` may then return something
 * else or throw.
 * @throws PermanentError if the result is not JSON or over the type's limit.
 */
function checkResult(result: unknown, type: TaskType): unknown {
  const json = toResultJson(result, type);
  return typeof result === 'object' && result !== null ? (JSON.parse(json) as unknown) : (result ?? null);
}
