import { Inject, Injectable } from '@nestjs/common';
import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import { attemptField, POSTPONED_FIELD, type StoredAttempt } from '../bullmq/codec/attempts.js';
import { requestIdOf, type JobEnvelope } from '../bullmq/codec/job-envelope.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { SharedClock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { LOG } from '../platform/logging/logging.module.js';
import { recordOf } from './normalize-error.js';
import { kindOf, TaskLog } from './task-log.js';
import type { TaskRun } from './task-run.js';
import { jobKey } from '../bullmq/keys.js';

const MAX_LOG_LINES = 1000;

/** One job as the runner sees it. */
export interface Attempt {
  job: Job;
  token: string;
  base: string;
  envelope: JobEnvelope;
  run: TaskRun;
}

/** Stores and logs what is known of an attempt while it runs and when it ends. */
@Injectable()
export class AttemptStore {
  constructor(
    private readonly taskLog: TaskLog,
    private readonly settings: Settings,
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    @Inject(LOG) private readonly log: Logger,
    private readonly clock: SharedClock,
  ) {}

  async report({ job, token, base, run }: Attempt, progress: string, lines: string[]): Promise<void> {
    await this.redis.roostReportTask(
      base,
      job.id!,
      token,
      progress,
      attemptField(job.attemptsStarted),
      JSON.stringify(this.toStoredAttempt(run)),
      MAX_LOG_LINES,
      ...lines,
    );
  }

  /** Returns what `report` would store of a last progress, to be stored with the completion. */
  toReportedFields({ job, run }: Attempt, progress: string): Record<string, string> {
    return { progress, [attemptField(job.attemptsStarted)]: JSON.stringify(this.toStoredAttempt(run)) };
  }

  /**
   * Stores the end of an attempt. BullMQ keeps only the message for lists, and overwrites it at the next
   * attempt. The stack of the last failure is stored only once, in the job itself. Returns false if the task
   * belongs to another worker by now, or is gone.
   */
  async storeEnd(
    { job, token, base, run }: Attempt,
    error: Error,
    end: 'failed' | 'retried' | 'postponed',
  ): Promise<boolean> {
    const record = recordOf(error);
    const { stack: _stack, ...withoutStack } = record;
    const stored: StoredAttempt = {
      ...this.toStoredAttempt(run),
      finishedAt: this.clock.now(),
      outcome: end === 'postponed' ? 'postponed' : 'failed',
      error: end === 'failed' ? withoutStack : record,
    };
    const named: [string, string] =
      end === 'postponed' ? [POSTPONED_FIELD, String(run.postponed + 1)] : ['roost:error', error.name];
    try {
      const fields = [attemptField(job.attemptsStarted), JSON.stringify(stored)];
      const key = jobKey(base, job.id!);
      return (await this.redis.roostStoreFailure(key, token, ...named, ...fields)) === 1;
    } catch (cause) {
      this.log.warn({ taskId: job.id, err: cause }, 'the end of an attempt could not be stored');
      return true;
    }
  }

  logOutcome({ job, envelope, run }: Attempt, outcome: string, error?: Error): void {
    const ms = this.clock.now() - run.startedAt;
    const kind = { type: job.name, queue: job.queueName, outcome };
    // Most lines of a flood are only counted.
    this.taskLog.logAttempt(error ? { ...kind, error: kindOf(recordOf(error)) } : kind, ms, () => {
      const requestId = requestIdOf(envelope, job.opts);
      return { taskId: job.id, attempt: job.attemptsStarted, ...(requestId ? { requestId } : {}) };
    });
  }

  private toStoredAttempt({ startedAt }: TaskRun): StoredAttempt {
    return { worker: this.settings.WORKER_NAME, startedAt, version: this.settings.APP_VERSION };
  }
}
