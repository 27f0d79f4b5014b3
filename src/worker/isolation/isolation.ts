import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { TaskRegistry } from '../../registry/task-registry.js';
import type { TaskType } from '../../registry/task-type.js';
import { Settings } from '../../platform/config/settings.js';
import { WorkerStoppingError } from '../../task-api/outcomes.js';
import { LOG } from '../../platform/logging/logging.module.js';
import { DeathCount, describeDeath, toProcessError, type Death } from './child-death.js';
import { ChildPool } from './child-pool.js';
import { IsolatedAttempt, type IsolatedRun } from './isolated-attempt.js';
import { IsolatedChild } from './isolated-child.js';
import { isForced } from './messages.js';

/**
 * Delay of the first child's start after the worker's start, ms, so that it does not slow the worker's start.
 */
const WARM_UP_DELAY_MS = 200;
/** Time after which an idle child ends, ms, except the first. */
const IDLE_TIMEOUT_MS = 60_000;
/**
 * Grace period of tasks at a stop, ms. A stop asks tasks to end 5 s (or a third of its time) before its end;
 * most of that time is left to them.
 */
const STOP_GRACE_MS = 3_000;
const STOP_GRACE_SHARE = 0.2;
/** Timeout for the shutdown hooks of an idle child's providers at shutdown, ms. */
const CLOSE_TIMEOUT_MS = 1_500;

export interface ChildView {
  pid: number;
  busy: boolean;
  taskId?: string;
  tasksDone: number;
  /** Last value that the child reported. */
  rssMb: number;
}

/**
 * Runs tasks of isolated types in separate processes, so that a failing handler affects only its own task.
 */
@Injectable()
export class Isolation implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly pool: ChildPool<IsolatedChild>;
  private readonly running = new Map<string, IsolatedAttempt>();
  private readonly deaths = new DeathCount();
  private warmUp: NodeJS.Timeout | undefined;

  constructor(
    private readonly registry: TaskRegistry,
    private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.pool = new ChildPool<IsolatedChild>({
      start: (limitMb) => this.start(limitMb),
      toError: (death: Death) => toProcessError(death),
      max: settings.WORKER_CONCURRENCY,
      maxStarting: availableParallelism(),
      idleMs: IDLE_TIMEOUT_MS,
    });
  }

  onApplicationBootstrap(): void {
    const { WORKER_QUEUES } = this.settings;
    const served = this.registry.all().find(({ isolate, queue }) => isolate && WORKER_QUEUES.includes(queue));
    if (!served) return;
    this.warmUp = setTimeout(() => this.pool.startWarm(served.maxChildMemoryMb), WARM_UP_DELAY_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /**
   * Returns the handler's result. Rejects with the handler's error (a PermanentError stays one), with the
   * signal's reason if that ended it, or with a TaskProcessError that describes how the process died. The
   * third consecutive death is permanent.
   */
  async run(type: TaskType, input: unknown, run: IsolatedRun): Promise<unknown> {
    run.signal.throwIfAborted();
    const child = await this.pool.acquire(type.maxChildMemoryMb, run.signal);
    const { taskId, attempt: number, maxAttempts } = run;
    const attempt = new IsolatedAttempt(child, run, this.deaths, (reason) => this.graceMs(type, reason));
    const task = { type: type.name, input, taskId, attempt: number, maxAttempts };
    const { outcome, free } = child.run(task, {
      onReport: (entries) => attempt.forward(entries),
      onQuestion: (question) => attempt.answer(question),
    });
    run.onStart?.();
    void outcome.then(() => this.pool.expectRelease(child));
    void free.then((isFree) => this.pool.release(child, isFree && !shouldReplace(child, type)));
    this.running.set(taskId, attempt);
    try {
      return await attempt.result(outcome);
    } finally {
      this.running.delete(taskId);
    }
  }

  /**
   * Kills a running task without a grace period, even one that was already asked to stop. Returns false if it
   * does not run here.
   */
  async kill(taskId: string, reason: Error): Promise<boolean> {
    const attempt = this.running.get(taskId);
    await attempt?.kill(reason);
    return attempt !== undefined;
  }

  /**
   * Replaces all child processes: idle ones at once, the others after their task. Returns the number of each.
   */
  restart(): { ended: number; later: number } {
    return this.pool.restart();
  }

  children(): ChildView[] {
    return this.pool.list().map(({ pid, taskId, tasksDone, rssMb }) => ({
      pid,
      busy: taskId !== undefined,
      ...(taskId === undefined ? {} : { taskId }),
      tasksDone,
      rssMb,
    }));
  }

  /** Ends all children and waits for their exit. */
  async close(): Promise<void> {
    clearTimeout(this.warmUp);
    await this.pool.close(CLOSE_TIMEOUT_MS);
  }

  private start(limitMb: number): IsolatedChild {
    const startedAt = performance.now();
    const child = new IsolatedChild(limitMb, this.log);
    const fields = { child: child.pid, limitMb };
    void child.ready.then(() =>
      this.log.debug({ ...fields, ms: Math.round(performance.now() - startedAt) }, 'child is ready'),
    );
    void child.gone.then((death) => {
      const { code, signal, failedToStart } = death;
      const how = { ...fields, tasksDone: child.tasksDone, code, signal };
      if (failedToStart !== undefined) this.log.error(how, describeDeath(death));
      // The message of an uncaught error may quote the input. The task's page shows it; the log has only the
      // error's name.
      else if (code === 0 || child.wasKilled) this.log.debug(how, 'child has ended');
      else this.log.warn({ ...how, error: death.crash?.error.name }, 'child died');
    });
    return child;
  }

  private graceMs({ cancelGraceMs }: TaskType, reason: unknown): number {
    if (isForced(reason)) return 0;
    // A task killed in time returns to its queue at once. After the shutdown timeout it would wait for its
    // lock to expire.
    if (!(reason instanceof WorkerStoppingError)) return cancelGraceMs;
    return Math.min(cancelGraceMs, STOP_GRACE_MS, this.settings.SHUTDOWN_TIMEOUT_MS * STOP_GRACE_SHARE);
  }
}

/** Returns true if the child has run too many tasks or uses too much memory. */
function shouldReplace(
  { tasksDone, rssMb }: IsolatedChild,
  { maxTasksPerChild = Infinity, maxChildMemoryMb }: TaskType,
): boolean {
  return tasksDone >= maxTasksPerChild || rssMb > maxChildMemoryMb;
}
