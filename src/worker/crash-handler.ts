import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { setTimeout as delay } from 'node:timers/promises';
import { Settings } from '../platform/config/settings.js';
import { WorkerStoppingError } from '../task-api/outcomes.js';
import { leave as publishLeaveRecord } from '../workers/presence.js';
import { LOG } from '../platform/logging/logging.module.js';
import { leave, ProcessEndError, setExitGuard } from '../platform/process-exit.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { comesFromAbort } from './abort-origin.js';
import { mayGiveBack } from './attempt-end.js';
import { Consumers } from './consumers.js';
import { Isolation } from './isolation/isolation.js';
import { WorkerSnapshot } from './worker-snapshot.js';
import { runContext, type TaskRun } from './task-run.js';
import { TaskRunner } from './task-runner.js';
import { toError } from './normalize-error.js';

/** Injection token: true if the worker app has a process of its own, whose crashes it handles. */
export const OWNS_PROCESS = Symbol('roost:owns-process');

/** Timeout for giving tasks back, ms. The stall check finds the rest when their locks expire. */
const GIVE_BACK_TIMEOUT_MS = 2_000;
const LEAVE_TIMEOUT_MS = 500;

/**
 * Handles failures outside every handler's promise. The attempt whose code failed fails with the error; other
 * tasks are not affected.
 *
 * An unhandled rejection interrupts nothing, so the worker continues. An uncaught exception, or an attempt to
 * end the process, leaves it in an unknown state: the other tasks return to their queues, their attempts not
 * counted, and the worker exits with 1, to be started again. If the source of the failure is unknown, every
 * task that may have caused it is left to the stall check, which counts the attempt.
 */
@Injectable()
export class CrashHandler implements OnModuleInit {
  private isCrashing = false;

  constructor(
    private readonly runner: TaskRunner,
    private readonly consumers: Consumers,
    private readonly isolation: Isolation,
    private readonly snapshot: WorkerSnapshot,
    private readonly settings: Settings,
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    @Inject(LOG) private readonly log: Logger,
    @Inject(OWNS_PROCESS) private readonly ownsProcess: boolean,
  ) {}

  onModuleInit(): void {
    if (!this.ownsProcess) return;
    setExitGuard({
      isHandler: () => runContext.getStore() !== undefined,
      onCall: (error) => void this.crash(error),
    });
    process.on('uncaughtException', (error: unknown) => this.onException(error));
    process.on('unhandledRejection', (reason: unknown) => this.onRejection(reason));
  }

  /** Returns every running task to its queue, even if its handler ignores the abort: the process ends now. */
  async giveBackAll(reason: string): Promise<void> {
    await this.giveBack(this.runner.list(), reason);
  }

  private onException(error: unknown): void {
    // Handled when the exit was called.
    if (error instanceof ProcessEndError) return;
    const current = runContext.getStore();
    // The handler was aborted and the error comes from the abort: treated as if the handler had thrown it.
    if (current?.reason && comesFromAbort(error, current.reason)) return void current.fail(error);
    void this.crash(error);
  }

  private onRejection(reason: unknown): void {
    if (reason instanceof ProcessEndError) return;
    const current = runContext.getStore();
    if (!current) return void this.crash(reason);
    if (current.reason && comesFromAbort(reason, current.reason)) return;
    const { name, message } = toError(reason);
    const fields = { taskId: current.taskId, type: current.type, error: name };
    const culprit = this.findCulprit();
    culprit?.log?.(`Unhandled promise rejection: ${name}: ${message}`, 'error');
    if (culprit?.fail(reason)) this.log.error(fields, 'failed a task for an unhandled promise rejection');
    else this.log.warn(fields, 'unhandled promise rejection of a task that has ended');
  }

  /** Returns the attempt whose code runs, unless it has ended. */
  private findCulprit(): TaskRun | undefined {
    const current = runContext.getStore();
    return current && this.runner.find(current.taskId) === current ? current : undefined;
  }

  private async crash(thrown: unknown): Promise<void> {
    const current = runContext.getStore();
    const error = toError(thrown);
    if (this.isCrashing) return this.log.error({ error: error.name }, 'crashed again while exiting');
    this.isCrashing = true;
    const fields = current
      ? { taskId: current.taskId, type: current.type, error: error.name }
      : { err: thrown };
    this.log.fatal(fields, 'crashed');
    if (this.redis.status === 'ready') {
      await this.endTasks(thrown, error);
      await this.publishLeave(current ? `${error.name} in a task of type ${current.type}` : error.message);
    }
    leave(1);
  }

  private async endTasks(thrown: unknown, { name, message }: Error): Promise<void> {
    const culprit = this.findCulprit();
    const isKnown = runContext.getStore() !== undefined;
    const others = this.runner.list().filter((run) => run !== culprit);
    const innocent = others.filter((run) => (isKnown ? mayGiveBack(run) : this.runner.isIsolated(run)));
    if (!culprit && innocent.length === 0) return;
    if (!(thrown instanceof ProcessEndError)) {
      culprit?.log?.(`An uncaught exception ended the worker: ${name}: ${message}`, 'error');
    }
    // No new task is fetched from here on.
    const closed = this.consumers.close(false);
    culprit?.fail(thrown);
    const back = this.giveBack(innocent, 'The worker crashed.');
    // BullMQ stores a failure after ours. `closed` never resolves if some tasks are left to their locks.
    const all = innocent.length === others.length ? closed : back;
    await Promise.race([all, delay(GIVE_BACK_TIMEOUT_MS)]);
  }

  private async giveBack(runs: TaskRun[], why: string): Promise<void> {
    const reason = new WorkerStoppingError(why);
    await Promise.all(
      runs.map(async (run) => {
        run.abort(reason);
        await this.isolation.kill(run.taskId, reason);
        run.abandon();
        await run.endsWithin(GIVE_BACK_TIMEOUT_MS);
      }),
    );
  }

  private async publishLeave(why: string): Promise<void> {
    const { QUEUE_PREFIX } = this.settings;
    const record = { ...this.snapshot.read().record, left: `crashed: ${why.slice(0, 200)}` };
    const published = publishLeaveRecord(this.redis, QUEUE_PREFIX, record).catch(() => undefined);
    await Promise.race([published, delay(LEAVE_TIMEOUT_MS)]);
  }
}
