import type { TaskContext } from '../../src/task-api/task-handler.js';
import type { LogLevel } from '../../src/task-api/task-handler.js';
import { Once } from '../../src/worker/step-results.js';

export interface ProgressCall {
  done: number;
  total: number;
  message?: string;
}

export interface FakeContext extends TaskContext {
  /** Every call of `progress`, in order, none left out. */
  readonly progressCalls: ProgressCall[];
  readonly logs: { text: string; level: LogLevel }[];
  /** Aborts `signal` with this reason. */
  abort(reason: unknown): void;
}

export interface FakeContextOptions {
  attempt?: number;
  maxAttempts?: number;
  /** Called with every progress, such as to abort after the third. */
  onProgress?: (call: ProgressCall, ctx: FakeContext) => void;
}

/** Context of a handler in memory. Checks numbers as the real one does. */
export function fakeContext(options: FakeContextOptions = {}): FakeContext {
  const controller = new AbortController();
  const kept = new Map<string, string>();
  const once = new Once({
    find: async (key) => kept.get(key),
    save: async (key, json) => kept.set(key, json).get(key)!,
  });
  const ctx: FakeContext = {
    taskId: 'task-1',
    attempt: options.attempt ?? 1,
    maxAttempts: options.maxAttempts ?? 1,
    signal: controller.signal,
    progressCalls: [],
    logs: [],
    abort: (reason) => controller.abort(reason),
    async progress(done, total, message) {
      for (const value of [done, total]) {
        if (!Number.isFinite(value) || value < 0) throw new RangeError(`progress(${done}, ${total})`);
      }
      const call = { done, total, ...(message === undefined ? {} : { message }) };
      ctx.progressCalls.push(call);
      options.onProgress?.(call, ctx);
    },
    log: (text, level = 'info') => void ctx.logs.push({ text, level }),
    once: (key, fn) => once.once(key, fn),
  };
  return ctx;
}
