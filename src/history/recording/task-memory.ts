import type { AttemptTail } from '../../bullmq/codec/observed-attempts.js';
import type { TaskRef } from '../ports/rows.js';
import type { TaskEvent } from '../../bullmq/codec/task-event.js';

export interface RememberedTask {
  /** The input is in the history. */
  hasInput: boolean;
  /** Number of log lines in the history. */
  lines: number;
  tail: AttemptTail;
  lastSampleAt: number;
  pendingSample?: TaskEvent | undefined;
}

/** Maximum remembered tasks of each queue. Others are looked up, and some of their parts are recorded again. */
const MAX_REMEMBERED = 50_000;

/** Cache of open tasks that saves reads from Redis. Can be cleared at any time. */
export class TaskMemory {
  private readonly queues = new Map<string, Map<string, RememberedTask>>();

  get({ queue, id }: TaskRef): RememberedTask | undefined {
    return this.queues.get(queue)?.get(id);
  }

  set({ queue, id }: TaskRef, remembered: RememberedTask): void {
    let tasks = this.queues.get(queue);
    if (!tasks) this.queues.set(queue, (tasks = new Map()));
    tasks.delete(id);
    tasks.set(id, remembered);
    if (tasks.size > MAX_REMEMBERED) tasks.delete(tasks.keys().next().value!);
  }

  delete({ queue, id }: TaskRef): void {
    this.queues.get(queue)?.delete(id);
  }

  clear(): void {
    this.queues.clear();
  }
}
