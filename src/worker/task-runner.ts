import { Inject, Injectable } from '@nestjs/common';
import { WaitingError, type Job } from 'bullmq';
import type { Logger } from 'pino';
import { sharedNow } from '../contract/clock.js';
import { Catalog } from '../catalog/catalog.js';
import type { TaskType } from '../catalog/task-type.js';
import { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import {
  PermanentError,
  TaskCancelledError,
  TaskLostError,
  WorkerStoppingError,
} from '../contract/outcomes.js';
import { Limits } from '../limits/limits.js';
import { LOG } from '../logging/logging.module.js';
import { attemptField, type StoredAttempt } from '../queue/attempts.js';
import { toEnvelope, type JobEnvelope } from '../queue/job-envelope.js';
import type { CommandRedis } from '../queue/task-commands.js';
import { TaskMover } from '../queue/task-mover.js';
import { COMMANDS } from '../queue/tokens.js';
import { attemptContext } from './attempt-context.js';
import { asUnrecoverable } from './failures.js';
import { Handlers } from './handlers.js';
import { Isolation } from './isolation/isolation.js';
import { RedisKeptResults } from './redis-kept-results.js';
import { Tally } from './tally.js';
import { TaskLog } from './task-log.js';
import { TaskReporter } from './task-reporter.js';
import { toResultJson } from './task-result.js';
import { TaskRun } from './task-run.js';
import { isPermanent, toError } from './thrown.js';

const KEPT_LOG_LINES = 1000;

/** One job as the runner sees it. */
interface Attempt {
  job: Job;
  token: string;
  base: string;
  envelope: JobEnvelope;
  run: TaskRun;
}

/**
 * The life of a task in a worker: is it still wanted -> find its type -> is there room -> validate again -> run -> settle.
 * The `@Processor` classes hand every job here.
 */
@Injectable()
export class TaskRunner {
  private readonly running = new Map<string, TaskRun>();

  constructor(
    private readonly catalog: Catalog,
    private readonly handlers: Handlers,
    private readonly isolation: Isolation,
    private readonly limits: Limits,
    private readonly mover: TaskMover,
    private readonly tally: Tally,
    private readonly told: TaskLog,
    private readonly settings: Settings,
    @Inject(COMMANDS) private readonly redis: CommandRedis,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** Tasks under way in this process. */
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

  /** True where its handler runs in a process of its own, which can be killed. */
  isIsolated({ type }: TaskRun): boolean {
    return this.catalog.find(type)?.isolate === true;
  }

  /** The longest running first. */
  list(): TaskRun[] {
    return [...this.running.values()].sort((a, b) => a.startedAt - b.startedAt);
  }

  async run(job: Job, token: string): Promise<unknown> {
    const attempt = this.begin(job, token);
    try {
      await this.dropIfCancelled(attempt);
      await this.dropIfExpired(attempt);
      const type = this.resolve(job);
      await this.waitForItsTurn(type, attempt);
      const input = await this.validate(type, attempt.envelope.input);
      const result = checkResult(await this.execute(type, input, attempt), type);
      // A handler that did not listen: its task is cancelled, or another worker's, whatever it says now.
      if (isOver(attempt.run)) attempt.run.throwIfAborted();
      this.tally.count(job.name, 'completed');
      this.tell(attempt, 'completed');
      return result;
    } catch (thrown) {
      throw await this.settle(thrown, attempt);
    } finally {
      await this.limits.release(job.queueName, attempt.run.taskId);
      attempt.run.end();
      // It may have come back to this worker in the meantime.
      if (this.running.get(attempt.run.taskId) === attempt.run) this.running.delete(attempt.run.taskId);
    }
  }

  /** Their locks ran out, so that others run them by now: what they still do here is in vain. */
  lose(taskIds: readonly string[]): void {
    for (const id of taskIds) this.running.get(id)?.abort(new TaskLostError());
  }

  /** Asks every running task to stop, so that it goes back to its queue. */
  stopAll(reason: string): void {
    for (const run of this.running.values()) run.abort(new WorkerStoppingError(reason));
  }

  private begin(job: Job, token: string): Attempt {
    const run = new TaskRun(job.id!, job.name, job.queueName, job.attemptsStarted, sharedNow());
    this.running.set(run.taskId, run);
    const base = `${this.settings.QUEUE_PREFIX}:${job.queueName}:`;
    return { job, token, base, run, envelope: toEnvelope(job.data) };
  }

  /** Cancelled while a worker ran it that is gone since: it must not run again. A first start cannot have been. */
  private async dropIfCancelled({ job, token, base }: Attempt): Promise<void> {
    if (job.attemptsStarted <= 1) return;
    const mark = await this.mover.cancelRequest(base, job.id!);
    if (!mark) return;
    await this.mover.settle(base, job.id!, 'cancelled', mark, token);
    this.tally.count(job.name, 'cancelled');
    throw new MovedElsewhere('cancelled');
  }

  private async dropIfExpired({ job, token, base, envelope }: Attempt): Promise<void> {
    const { expiresAt } = envelope;
    // A retry of a task that did start in time is not held to it.
    if (expiresAt === undefined || expiresAt > sharedNow() || job.attemptsMade > 0) return;
    await this.mover.settle(
      base,
      job.id!,
      'expired',
      { by: 'roost', at: sharedNow(), reason: 'It had not started by its expiry.' },
      token,
    );
    throw new MovedElsewhere('expired');
  }

  private resolve(job: Job): TaskType {
    const type = this.catalog.find(job.name);
    if (type) return type;
    const known = this.catalog.all().map(({ name }) => name);
    throw new PermanentError(
      `This worker knows no task type \`${job.name.slice(0, 60)}\`; it knows ${known.sort().join(', ')}`,
    );
  }

  /** A type over its rate or concurrency gives the task back until there is room for it. */
  private async waitForItsTurn(type: TaskType, { job, token }: Attempt): Promise<void> {
    const answer = await this.limits.admit(type, job, token);
    if (answer !== 'go') throw new MovedElsewhere('held back');
  }

  /** Tasks outlive code: what was right when it was handed in may not be any more, and trying again cannot help. */
  private async validate(type: TaskType, input: unknown): Promise<object> {
    try {
      return await this.catalog.validate(type, input);
    } catch (error) {
      if (error instanceof RoostError)
        throw new PermanentError(`The input no longer fits the task type: ${error.detail}`);
      throw error;
    }
  }

  private async execute(type: TaskType, input: object, attempt: Attempt): Promise<unknown> {
    const { job, run } = attempt;
    const reporter = new TaskReporter(
      (progress, lines) => this.report(attempt, progress, lines),
      job.attemptsStarted,
      run,
    );
    const kept = new RedisKeptResults(this.redis, attempt.base, job.id!, run);
    const context = attemptContext(job, run, reporter, kept);
    const { softTimeoutMs, hardTimeoutMs } = this.limits.of(type);
    try {
      if (type.isolate) {
        // It keeps the hard limit itself, by killing the process; nothing is left running that could be given up on.
        const isolated = { ...context, kept, hardTimeoutMs };
        return await run.within(
          () => this.isolation.run(type, attempt.envelope.input, isolated),
          softTimeoutMs,
          undefined,
        );
      }
      const handler = this.handlers.get(type);
      return await run.within(() => handler.run(input, context), softTimeoutMs, hardTimeoutMs);
    } finally {
      await reporter.close();
    }
  }

  private async report({ job, token, base, run }: Attempt, progress: string, lines: string[]): Promise<void> {
    await this.redis.roostReportTask(
      base,
      job.id!,
      token,
      progress,
      attemptField(job.attemptsStarted),
      JSON.stringify(this.stored(run)),
      KEPT_LOG_LINES,
      ...lines,
    );
  }

  private stored({ startedAt }: TaskRun): StoredAttempt {
    return { worker: this.settings.WORKER_NAME, startedAt, version: this.settings.APP_VERSION };
  }

  /** What BullMQ is to be told of an attempt that did not complete. */
  private async settle(thrown: unknown, attempt: Attempt): Promise<Error> {
    if (thrown instanceof MovedElsewhere) return this.moved(attempt, thrown.state);
    const { job, token, base, run } = attempt;
    const { reason } = run;

    if (reason instanceof TaskCancelledError) {
      const mark = (await this.mover.cancelRequest(base, job.id!)) ?? { by: 'roost', at: sharedNow() };
      await this.mover.settle(base, job.id!, 'cancelled', mark, token);
      this.tally.count(job.name, 'cancelled');
      return this.moved(attempt, 'cancelled');
    }
    // Another worker has it: there is nothing here to settle or to give back.
    if (reason instanceof TaskLostError) return this.moved(attempt, 'lost');
    if (reason instanceof WorkerStoppingError && thrown === reason) {
      await job.moveToWait(token);
      return this.moved(attempt, 'waiting');
    }
    const error = toError(thrown);
    const permanent = isPermanent(thrown);
    const willRetry = !permanent && job.attemptsMade + 1 < (job.opts.attempts ?? 1);
    // It is not ours to fail: the lock ran out, and there was no time yet to be told.
    if (!(await this.keepFailure(attempt, error, willRetry))) return this.moved(attempt, 'lost');
    this.tally.count(job.name, willRetry ? 'retried' : 'failed');
    this.tell(attempt, willRetry ? 'failed, to be tried again' : 'failed', error);
    return permanent ? asUnrecoverable(error) : error;
  }

  /**
   * BullMQ keeps the message alone for lists, and overwrites it with the next attempt's. The last failure stands in
   * the job itself, all but the version that ran. False where the task is another worker's by now, or gone.
   */
  private async keepFailure(
    { job, token, base, run }: Attempt,
    error: Error,
    willRetry: boolean,
  ): Promise<boolean> {
    const stored: StoredAttempt = {
      ...this.stored(run),
      ...(willRetry
        ? {
            finishedAt: sharedNow(),
            outcome: 'failed',
            error: {
              name: error.name,
              message: error.message,
              ...(error.stack ? { stack: error.stack } : {}),
            },
          }
        : {}),
    };
    try {
      const fields = [attemptField(job.attemptsStarted), JSON.stringify(stored)];
      const key = base + job.id!;
      return (await this.redis.roostKeepFailure(key, token, 'roost:error', error.name, ...fields)) === 1;
    } catch (cause) {
      this.log.warn({ taskId: job.id, err: cause }, 'an attempt could not be kept');
      return true;
    }
  }

  /** BullMQ's word for "this job is not mine to finish any more"; it then fetches the next one. */
  private moved(attempt: Attempt, state: string): WaitingError {
    this.tell(attempt, state);
    return new WaitingError();
  }

  private tell({ job, envelope, run }: Attempt, outcome: string, error?: Error): void {
    const line = {
      taskId: job.id,
      type: job.name,
      queue: job.queueName,
      attempt: job.attemptsStarted,
      ms: sharedNow() - run.startedAt,
      ...(envelope.requestId ? { requestId: envelope.requestId } : {}),
    };
    this.told.tell(line, outcome, error?.name);
  }
}

function isOver({ reason }: TaskRun): boolean {
  return reason instanceof TaskCancelledError || reason instanceof TaskLostError;
}

/** The task has been settled or given back already. */
class MovedElsewhere extends Error {
  constructor(readonly state: string) {
    super(state);
  }
}

/** @throws PermanentError where the result is no JSON or over the type's limit. */
function checkResult(result: unknown, type: TaskType): unknown {
  toResultJson(result, type);
  return result ?? null;
}
