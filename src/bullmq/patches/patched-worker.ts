import { Worker, type Job, type Processor, type WorkerOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import type { SharedClock } from '../../platform/clock.js';
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
}

/** BullMQ's worker with fixes: three for commands to a running worker, one for clocks, two for locks. */
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

  constructor(queue: string, processor: Processor, options: WorkerOptions, clock: SharedClock) {
    super(queue, processor, options);
    this.renewLocksToTheEnd();
    useRedisClock(this.backend as unknown as ClockedBackend, clock);
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
    ...[job, token, fetchNext]: Parameters<Worker['processJob']>
  ): Promise<void | Job> {
    const id = job.id!;
    this.runs.set(id, (this.runs.get(id) ?? 0) + 1);
    try {
      return await super.processJob(job, token, fetchNext);
    } finally {
      const left = this.runs.get(id)! - 1;
      if (left > 0) this.runs.set(id, left);
      else this.runs.delete(id);
    }
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
    const { mainLoopQueue } = this as unknown as WorkerInternals;
    mainLoopQueue?.add(Promise.resolve());
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
