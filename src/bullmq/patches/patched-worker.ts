import { Worker, type Job, type JobJson, type Processor, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { SharedClock } from '../../platform/clock.js';
import { CompletionScript, type CompletingBackend } from './completion-script.js';
import { useRedisClock, type ClockedBackend } from './use-redis-clock.js';
import { baseOf, queueKey } from '../keys.js';

/** Lock of one run of a task that another run may hold by now. */
export interface LostLock {
  taskId: string;
  token: string;
}

/** Private parts of BullMQ's worker. `test/unit/bullmq/patches/internals.spec.ts` checks that they exist. */
interface WorkerInternals {
  /** Running fetches and jobs; null while the worker does not run. */
  mainLoopQueue: { add(promise: Promise<void>): void } | null;
  /** True after a fetch that found nothing. */
  drained: boolean;
  /** Error message of a job that fails without being run. */
  getUnrecoverableErrorMessage(job: Job): string | undefined;
  /** Repeats `act` while Redis is unavailable. */
  retryIfFailed<T>(
    act: () => Promise<T>,
    options: { delayInMs: number; onlyEmitError?: boolean },
  ): Promise<T>;
  /** Sets the end of a rate limit and of the next sleep, from the answer of a fetch. */
  updateDelays(limitDelay: number, delayUntil: number): void;
}

/** Private parts of its backend. */
interface BackendInternals {
  closing: unknown;
  /** Runs the script and decodes its answer: the next job, its id, the rate limit, and the time of the next delayed job. */
  moveToFinished(id: string, command: unknown): Promise<[JobJson, string, number, number] | undefined>;
}

/**
 * BullMQ's worker with fixes: three for commands to a running worker, one for clocks, two for locks. Jobs run without
 * BullMQ's tracing, whose promises cost more than the rest of its worker; so a worker supports neither telemetry nor signals.
 */
export class PatchedWorker extends Worker {
  /** Time of Redis's last answer to a fetch, ms. Updated every few seconds while nothing waits. */
  lastFetchAt = Date.now();
  /**
   * Runs of each job in this process: two if the worker lost the job, fetched it again, and the earlier
   * handler has not ended.
   */
  private readonly runs = new Map<string, number>();
  /** Called with the locks that expired before they could be renewed. */
  onLocksLost: (locks: LostLock[]) => void = () => undefined;
  private readonly completion: CompletionScript;

  constructor(
    queue: string,
    processor: Processor,
    options: WorkerOptions,
    private readonly clock: SharedClock,
  ) {
    super(queue, processor, options);
    this.renewLocksToTheEnd();
    useRedisClock(this.backend as unknown as ClockedBackend, clock);
    // Wraps execCommand after the clock does, whose arguments are lists.
    this.completion = new CompletionScript(
      options.connection as Redis,
      this.backend as unknown as CompletingBackend,
      this,
    );
    // Without a listener BullMQ prints whole errors, including the command sent. Consumers logs them after
    // its start.
    this.on('error', () => undefined);
  }

  /**
   * Prevents a fetch after a pause or close. A fetch that was already waiting would still return one job,
   * possibly the one that this worker has just given back.
   */
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    if (!this.paused && !this.closing) {
      const job = await super.moveToActive(token, name);
      this.lastFetchAt = Date.now();
      return job;
    }
    // The wait has consumed the marker that wakes the next waiting worker.
    await (this.opts.connection as Redis).zadd(queueKey(baseOf(this), 'marker'), 0, '0');
    return undefined as unknown as Job;
  }

  override async processJob(
    ...[job, token, fetchNext = () => true]: Parameters<Worker['processJob']>
  ): Promise<void | Job> {
    const { lockManager, inside } = this;
    const id = job.id!;
    this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
    try {
      if (inside.getUnrecoverableErrorMessage(job)) return await super.processJob(job, token, fetchNext);
      const delayInMs = this.opts.runRetryDelay!;
      lockManager.trackJob(id, token, job.processedOn!);
      try {
        const result: unknown = await this.callProcessJob(job, token);
        const complete = () => {
          lockManager.untrackJob(id);
          return this.handleCompleted(result, job, token, fetchNext);
        };
        return await inside.retryIfFailed(complete, { delayInMs });
      } catch (error) {
        const fail = () => {
          lockManager.untrackJob(id);
          return this.handleFailed(error as Error, job, token, fetchNext);
        };
        return await inside.retryIfFailed(fail, { delayInMs, onlyEmitError: true });
      } finally {
        lockManager.untrackJob(id);
      }
    } finally {
      const left = this.runs.get(id)! - 1;
      if (left > 0) this.runs.set(id, left);
      else this.runs.delete(id);
    }
  }

  /** Completes the job and returns the next one, like BullMQ's own, with a command that is encoded faster. */
  protected override async handleCompleted(
    ...[result, job, token, fetchNext = () => true]: Parameters<Worker['handleCompleted']>
  ): Promise<Job> {
    const { inside } = this;
    const backend = this.backend as unknown as BackendInternals;
    const none = undefined as unknown as Job;
    if (backend.closing) return none;
    const now = this.clock.now();
    const value = JSON.stringify(result) ?? 'null';
    const mayFetch = fetchNext() && !(this.closing || this.paused);
    const command = this.completion.toCommand(job, value, token, mayFetch, now);
    job.returnvalue = (result as unknown) || undefined;
    const next = await backend.moveToFinished(job.id!, command);
    job.finishedOn = now;
    job.attemptsMade += 1;
    this.emit('completed', job, result, 'active');
    if (!Array.isArray(next)) return none;
    const [data, id, limitDelay, delayUntil] = next;
    inside.updateDelays(limitDelay, delayUntil > 0 ? this.clock.toOwn(delayUntil) : delayUntil);
    if (!data || data.repeatJobKey) return this.nextJobFromJobData(data, id, token);
    inside.drained = false;
    const nextJob = this.createJob(data, id);
    nextJob.token = token;
    this.emit('active', nextJob, 'waiting');
    return nextJob;
  }

  /**
   * BullMQ's `lockRenewalFailed` names jobs, not locks. If this worker fetches a job again while the renewal of
   * its earlier lock is on the way, the event would be read as a loss of the new one.
   */
  override async extendJobLocks(ids: string[], tokens: string[], ms: number): Promise<string[]> {
    const lost = new Set(await super.extendJobLocks(ids, tokens, ms));
    if (lost.size === 0) return [];
    this.onLocksLost(ids.flatMap((taskId, i) => (lost.has(taskId) ? [{ taskId, token: tokens[i]! }] : [])));
    return [...lost];
  }

  /** Restarts the loop if it ended because of a pause that was already revoked. */
  override async run(): Promise<void> {
    await super.run();
    if (!this.paused && !this.closing) await this.run();
  }

  /** Applies `concurrency` now instead of when the next job ends. */
  wake(): void {
    this.inside.mainLoopQueue?.add(Promise.resolve());
  }

  private get inside(): WorkerInternals {
    return this as unknown as WorkerInternals;
  }

  /**
   * Keeps renewing a lock while another run of the same job continues. BullMQ tracks locks by job, so the end
   * of one run would stop the renewal for both.
   */
  private renewLocksToTheEnd(): void {
    const { lockManager } = this;
    const untrack = lockManager.untrackJob.bind(lockManager);
    lockManager.untrackJob = (id) => {
      if ((this.runs.get(id) ?? 0) < 2) untrack(id);
    };
  }
}
