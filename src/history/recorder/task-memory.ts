import type { AttemptTail } from '../store/recording-engine.js';
import type { TaskRef } from '../store/rows.js';

export interface Remembered {
  /** Its input is in the history. */
  hasInput: boolean;
  /** Log lines that are in the history. */
  lines: number;
  tail: AttemptTail;
  lastSampleAt: number;
}

/** Tasks under way at once that are remembered, of each queue; others are looked up, and some of their parts told again. */
const MAX_REMEMBERED = 50_000;

/** What is known of tasks under way, to read less from Redis. All of it can be forgotten at any time. */
export class TaskMemory {
  private readonly queues = new Map<string, Map<string, Remembered>>();

  get({ queue, id }: TaskRef): Remembered | undefined {
    return this.queues.get(queue)?.get(id);
  }

  set({ queue, id }: TaskRef, remembered: Remembered): void {
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
