import { Queue, type Job } from 'bullmq';
import type { Redaction } from '../../platform/redaction/redaction.js';
import type { TaskView } from '../../model/task-view.js';
import { addCopy, toJob } from './copy-job.js';
import type { JobEnvelope } from '../codec/job-envelope.js';
import type { TaskRecord } from '../codec/task-record.js';
import { decodeTaskRow } from '../codec/task-row.js';
import type { JobStanding } from '../codec/job-standing.js';
import { readStanding } from '../read-standing.js';
import type { CommandRedis } from '../task-commands.js';
import type { MoveOutcome } from '../task-transitions.js';
import type { FoundTask } from '../task-reader.js';
import { taskLinks, toTaskView } from '../codec/to-task-view.js';
import { baseOf } from '../keys.js';

/** Error codes of BullMQ's scripts: the job is not in the expected state, or does not exist. */
const NOT_IN_STATE = -3;
const MISSING = -1;

/**
 * Queue of another program, open for the duration of one command. Jobs change only by BullMQ's own scripts, which check
 * the source state and never touch a lock.
 */
export class ObservedBullQueue {
  private readonly queue: Queue<JobEnvelope>;

  private constructor(
    private readonly redis: CommandRedis,
    /** Name as in the history: the first part of its keys. */
    readonly name: string,
  ) {
    const colon = name.lastIndexOf(':');
    this.queue = new Queue(name.slice(colon + 1), {
      connection: redis,
      prefix: name.slice(0, Math.max(0, colon)),
      skipVersionCheck: true,
      skipWaitingForReady: true,
      // The metadata belongs to the other program.
      skipMetasUpdate: true,
    });
    this.queue.on('error', () => undefined);
  }

  static async use<T>(
    redis: CommandRedis,
    name: string,
    work: (queue: ObservedBullQueue) => Promise<T>,
  ): Promise<T> {
    const queue = new ObservedBullQueue(redis, name);
    try {
      return await work(queue);
    } finally {
      await queue.queue.close();
    }
  }

  async find(id: string): Promise<FoundTask | undefined> {
    const [row] = await this.redis.roostReadTasks(0, baseOf(this.queue), id);
    return row ? { queue: this.queue, record: decodeTaskRow({ queue: this.name, id }, row, 0) } : undefined;
  }

  loadStanding(id: string): Promise<JobStanding | undefined> {
    return readStanding(this.redis, baseOf(this.queue), id);
  }

  /** Retries a failed job with all its attempts. */
  retry({ record }: FoundTask): Promise<MoveOutcome> {
    return toObservedOutcome(toJob(this.queue, record), (job) =>
      job.retry('failed', { resetAttemptsMade: true }),
    );
  }

  /** Promotes a delayed job. */
  promote({ record }: FoundTask): Promise<MoveOutcome> {
    return toObservedOutcome(toJob(this.queue, record), (job) => job.promote());
  }

  /** Adds a copy of the job and returns the id of the copy. */
  copy({ record }: FoundTask): Promise<string> {
    return addCopy(this.queue, record);
  }
}

/** Runs a command and converts BullMQ's error codes for a missing job or an unexpected state to an outcome. */
export async function toObservedOutcome(job: Job, act: (job: Job) => Promise<void>): Promise<MoveOutcome> {
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

export function toObservedTaskView(record: TaskRecord, now: number, rules: Redaction): TaskView {
  return { ...toTaskView(record, now, rules), links: taskLinks(record.id, record.queue) };
}
