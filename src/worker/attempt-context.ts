import type { Job } from 'bullmq';
import type { TaskContext } from '../contract/task-handler.js';
import { Once, type KeptResults } from './once.js';
import type { TaskReporter } from './task-reporter.js';
import type { TaskRun } from './task-run.js';

/** What a handler gets as `ctx`; its functions may be taken out of it. What many handlers do not use is made when asked for. */
export function attemptContext(
  job: Job,
  run: TaskRun,
  reporter: TaskReporter,
  kept: KeptResults,
): TaskContext {
  let once: Once | undefined;
  return {
    taskId: run.taskId,
    attempt: job.attemptsMade + 1,
    maxAttempts: Math.max(1, job.opts.attempts ?? 1),
    get signal() {
      return run.signal;
    },
    progress: (done, total, message) => reporter.progress(done, total, message),
    log: (text, level) => reporter.log(text, level),
    once: (key, fn) => (once ??= new Once(kept)).once(key, fn),
  };
}
