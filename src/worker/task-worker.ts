import { Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { goByRedisTime } from './by-redis-time.js';

/** BullMQ's worker with gaps closed: three that commands to a running worker fall into, one of clocks, one of locks. */
export class TaskWorker extends Worker {
  /** When Redis last answered the question for a task, ms; while nothing waits that is every few seconds. */
  lastFetchAt = Date.now();
  /** Runs of a job in this process: two where it lost the job, got it back, and the handler of before has not ended. */
  private readonly runs = new Map<string, number>();

  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    this.renewLocksToTheEnd();
    goByRedisTime(this.backend as unknown as Parameters<typeof goByRedisTime>[0]);
    // Without a listener BullMQ prints errors whole, with what was sent; Consumers logs them once it has taken over.
    this.on('error', () => undefined);
  }

  /** A fetch that was waiting when the worker was paused would still take one job. */
  protected override async moveToActive(token: string, name?: string): Promise<Job> {
    if (!this.paused) {
      const job = await super.moveToActive(token, name);
      this.lastFetchAt = Date.now();
      return job;
    }
    // Its wait has used up the sign that wakes whoever waits next.
    await (this.opts.connection as Redis).zadd(this.toKey('marker'), 0, '0');
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

  /** A loop that was about to end because of a pause does not notice that the pause was taken back. */
  override async run(): Promise<void> {
    await super.run();
    if (!this.paused && !this.closing) await this.run();
  }

  /** Looks at `concurrency` now, not when the next job ends. */
  wake(): void {
    const inside = this as unknown as { mainLoopQueue: { add(promise: Promise<void>): void } | null };
    inside.mainLoopQueue?.add(Promise.resolve());
  }

  /** Locks are known by job: the end of one run would end the renewal of the other's. */
  private renewLocksToTheEnd(): void {
    const { lockManager } = this;
    const untrack = lockManager.untrackJob.bind(lockManager);
    lockManager.untrackJob = (id) => {
      if ((this.runs.get(id) ?? 0) < 2) untrack(id);
    };
  }
}
