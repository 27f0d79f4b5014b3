import { Queue, type Job } from 'bullmq';
import type { TaskView } from '../contract/task-view.js';
import type { JobEnvelope } from './job-envelope.js';
import { toJobRecord, type JobRecord } from './job-record.js';
import { READ_FIELDS } from './scripts/read-tasks.js';
import type { CommandRedis } from './task-commands.js';
import type { MoveOutcome } from './task-mover.js';
import type { FoundTask } from './task-reader.js';
import { taskLinks, toTaskView } from './to-task-view.js';

/** What BullMQ says where a job is not in the state that its script asks for, or not there. */
const NOT_IN_STATE = -3;
const MISSING = -1;

/**
 * A queue of another program, as long as something is done in it. Jobs move by BullMQ's own scripts, each of which asks for
 * the state it moves from, and none of which touches a lock.
 */
export class ForeignQueue {
  private readonly queue: Queue<JobEnvelope>;

  private constructor(
    private readonly redis: CommandRedis,
    /** As in the history: what its keys begin with. */
    readonly name: string,
  ) {
    const colon = name.lastIndexOf(':');
    this.queue = new Queue(name.slice(colon + 1), {
      connection: redis,
      prefix: name.slice(0, Math.max(0, colon)),
      skipVersionCheck: true,
      skipWaitingForReady: true,
      // Its settings are its program's.
      skipMetasUpdate: true,
    });
    this.queue.on('error', () => undefined);
  }

  static async use<T>(
    redis: CommandRedis,
    name: string,
    work: (queue: ForeignQueue) => Promise<T>,
  ): Promise<T> {
    const queue = new ForeignQueue(redis, name);
    try {
      return await work(queue);
    } finally {
      await queue.queue.close();
    }
  }

  async find(id: string): Promise<FoundTask | undefined> {
    const names = [READ_FIELDS.length, ...READ_FIELDS] as const;
    const [row] = await this.redis.roostReadTasks(0, ...names, this.queue.toKey(''), id);
    return row ? { queue: this.queue, record: toJobRecord(this.name, id, row, 0) } : undefined;
  }

  /** A waiting one can be lost in a paused queue of BullMQ before 6, where resuming it replaces the waiting list. */
  async losesWhatWaits(): Promise<boolean> {
    const [paused, version] = await this.redis.hmget(this.queue.toKey('meta'), 'paused', 'version');
    return paused !== null && !(Number(/(\d{1,4})\./.exec(version ?? '')?.[1]) >= 6);
  }

  /** From `failed`, with all its attempts. */
  retry(id: string): Promise<MoveOutcome> {
    return this.move(id, (job) => job.retry('failed', { resetAttemptsMade: true }));
  }

  /** From `delayed`. */
  promote(id: string): Promise<MoveOutcome> {
    return this.move(id, (job) => job.promote());
  }

  private async move(id: string, act: (job: Job) => Promise<void>): Promise<MoveOutcome> {
    const job = await this.queue.getJob(id);
    if (!job) return 'missing';
    try {
      await act(job);
      return 'done';
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code === NOT_IN_STATE) return 'refused';
      if (code === MISSING) return 'missing';
      throw error;
    }
  }
}

export function toForeignView(record: JobRecord): TaskView {
  return { ...toTaskView(record), links: taskLinks(record.id, record.queue) };
}
