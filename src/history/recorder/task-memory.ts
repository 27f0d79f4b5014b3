import type { AttemptTail } from '../store/recording-engine.js';
import { refKey } from '../store/task-rows.js';
import type { TaskRef } from '../store/rows.js';

export interface Remembered {
  /** Its input is in the history. */
  hasInput: boolean;
  /** Log lines that are in the history. */
  lines: number;
  tail: AttemptTail;
  lastSampleAt: number;
}

/** Tasks under way at once that are remembered; others are looked up, and some of their parts told again. */
const MAX_REMEMBERED = 100_000;

/** What is known of tasks under way, to read less from Redis. All of it can be forgotten at any time. */
export class TaskMemory {
  private readonly tasks = new Map<string, Remembered>();

  get(ref: TaskRef): Remembered | undefined {
    return this.tasks.get(refKey(ref));
  }

  set(ref: TaskRef, remembered: Remembered): void {
    const key = refKey(ref);
    this.tasks.delete(key);
    this.tasks.set(key, remembered);
    if (this.tasks.size > MAX_REMEMBERED) this.tasks.delete(this.tasks.keys().next().value!);
  }

  delete(ref: TaskRef): void {
    this.tasks.delete(refKey(ref));
  }

  clear(): void {
    this.tasks.clear();
  }
}
