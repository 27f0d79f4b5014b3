import type { EventTail } from '../events/event-tail.js';
import { finishesTask, type TaskEvent } from '../bullmq/codec/task-event.js';

/**
 * Listens for the end of a task. Begun before the task is submitted, it sees its end in any case, so that the task need not
 * be read until then.
 */
export class EndListener {
  /** Tasks that ended before it was known which one is waited for. */
  private readonly early = new Set<string>();
  private id: string | undefined;
  private hasEnded = false;
  private notify = () => {};
  private readonly holding: Promise<() => void>;
  /** True once every later end is seen. It stays false where only polling can find an end. */
  isListening = false;

  constructor(private readonly tail: Pick<EventTail, 'on' | 'off' | 'hold'>) {
    tail.on('batch', this.receive);
    this.holding = tail.hold();
  }

  /** Resolves as soon as `isListening` is decided. */
  async begin(): Promise<void> {
    try {
      await this.holding;
      this.isListening = true;
    } catch {
      // Polling finds the end.
    }
  }

  listenFor(id: string): void {
    this.id = id;
    this.hasEnded = this.early.has(id);
    this.early.clear();
  }

  /** Resolves when the task has ended since the last call, after `ms`, or when `over` is aborted. */
  async next(ms: number, over: AbortSignal): Promise<void> {
    if (!this.hasEnded && !over.aborted && ms > 0) {
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          over.removeEventListener('abort', done);
          this.notify = () => {};
          resolve();
        };
        const timer = setTimeout(done, ms);
        over.addEventListener('abort', done);
        this.notify = done;
      });
    }
    this.hasEnded = false;
  }

  close(): void {
    this.tail.off('batch', this.receive);
    this.notify();
    void this.holding.then(
      (release) => release(),
      () => undefined,
    );
  }

  private readonly receive = (events: TaskEvent[]): void => {
    for (const event of events) {
      if (this.id !== undefined && event.id !== this.id) continue;
      if (!finishesTask(event)) continue;
      if (this.id === undefined) this.early.add(event.id);
      else {
        this.hasEnded = true;
        this.notify();
      }
    }
  };
}
