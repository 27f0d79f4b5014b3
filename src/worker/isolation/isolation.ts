import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { availableParallelism } from 'node:os';
import type { Logger } from 'pino';
import { Catalog } from '../../catalog/catalog.js';
import type { TaskType } from '../../catalog/task-type.js';
import { Settings } from '../../config/settings.js';
import { WorkerStoppingError } from '../../contract/outcomes.js';
import { LOG } from '../../logging/logging.module.js';
import { DeathCount, describeDeath, toProcessError, type Death } from './child-death.js';
import { ChildPool } from './child-pool.js';
import { IsolatedAttempt, type IsolatedRun } from './isolated-attempt.js';
import { IsolatedChild } from './isolated-child.js';
import { isForced } from './messages.js';

/** The first child is started this long after the worker, ms: its own start comes first. */
const WARM_UP_AFTER_MS = 200;
/** Idle children beyond the first end after this, ms. */
const IDLE_MS = 60_000;
/** A stop asks tasks to let go 5 s (or a third of its time) before its end; most of that is left to them, ms. */
const STOP_GRACE_MS = 3_000;
const STOP_GRACE_SHARE = 0.2;
/** At shutdown an idle child gets this long for what its providers do at their end, ms. */
const CLOSE_MS = 1_500;

export interface ChildView {
  pid: number;
  busy: boolean;
  taskId?: string;
  tasksDone: number;
  /** As it said last. */
  rssMb: number;
}

/** Runs tasks of isolated types in processes of their own, so that whatever a handler does fails that task alone. */
@Injectable()
export class Isolation implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly pool: ChildPool<IsolatedChild>;
  private readonly running = new Map<string, IsolatedAttempt>();
  private readonly deaths = new DeathCount();
  private warmUp: NodeJS.Timeout | undefined;

  constructor(
    private readonly catalog: Catalog,
    private readonly settings: Settings,
    @Inject(LOG) private readonly log: Logger,
  ) {
    this.pool = new ChildPool<IsolatedChild>({
      start: (limitMb) => this.start(limitMb),
      toError: (death: Death) => toProcessError(death),
      max: settings.WORKER_CONCURRENCY,
      maxStarting: availableParallelism(),
      idleMs: IDLE_MS,
    });
  }

  onApplicationBootstrap(): void {
    const { WORKER_QUEUES } = this.settings;
    const served = this.catalog.all().find(({ isolate, queue }) => isolate && WORKER_QUEUES.includes(queue));
    if (!served) return;
    this.warmUp = setTimeout(() => this.pool.keepWarm(served.maxChildMemoryMb), WARM_UP_AFTER_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  /**
   * The handler's result. Rejects with what the handler threw (a PermanentError stays one), with the signal's reason
   * where that ended it, or with a TaskProcessError that says how the process died; the third in a row is permanent.
   */
  async run(type: TaskType, input: unknown, run: IsolatedRun): Promise<unknown> {
    run.signal.throwIfAborted();
    const child = await this.pool.take(type.maxChildMemoryMb, run.signal);
    const { taskId, attempt: number, maxAttempts } = run;
    const attempt = new IsolatedAttempt(child, run, this.deaths, (reason) => this.graceMs(type, reason));
    const task = { type: type.name, input, taskId, attempt: number, maxAttempts };
    const { outcome, free } = child.run(task, {
      onReport: (entries) => attempt.pass(entries),
      onQuestion: (question) => attempt.answer(question),
    });
    void outcome.then(() => this.pool.expect(child));
    void free.then((isFree) => this.pool.give(child, isFree && !isWorn(child, type)));
    this.running.set(taskId, attempt);
    try {
      return await attempt.result(outcome);
    } finally {
      this.running.delete(taskId);
    }
  }

  /** Ends a running task without grace, also one that was asked before; false where it does not run here. */
  async kill(taskId: string, reason: Error): Promise<boolean> {
    const attempt = this.running.get(taskId);
    await attempt?.kill(reason);
    return attempt !== undefined;
  }

  /** New processes for all: idle ones at once, the others when their task is done. Returns how many of each. */
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

  /** Ends all children and waits until they are gone. */
  async close(): Promise<void> {
    clearTimeout(this.warmUp);
    await this.pool.close(CLOSE_MS);
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
      // What nobody caught may quote the input: the task's page has it, the log has the kind.
      else if (code === 0 || child.wasKilled) this.log.debug(how, 'child has ended');
      else this.log.warn({ ...how, error: death.crash?.error.name }, 'child died');
    });
    return child;
  }

  private graceMs({ cancelGraceMs }: TaskType, reason: unknown): number {
    if (isForced(reason)) return 0;
    // Killed in time the task goes back to its queue at once; later it would be missed only when its lock runs out.
    if (!(reason instanceof WorkerStoppingError)) return cancelGraceMs;
    return Math.min(cancelGraceMs, STOP_GRACE_MS, this.settings.SHUTDOWN_TIMEOUT_MS * STOP_GRACE_SHARE);
  }
}

/** Used up: too many tasks, or too large to keep. */
function isWorn(
  { tasksDone, rssMb }: IsolatedChild,
  { maxTasksPerChild = Infinity, maxChildMemoryMb }: TaskType,
): boolean {
  return tasksDone >= maxTasksPerChild || rssMb > maxChildMemoryMb;
}
