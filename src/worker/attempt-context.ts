import type { Job } from 'bullmq';
import type { TaskContext } from '../task-api/task-handler.js';
import { Once, type StepResults } from './step-results.js';
import type { TaskReporter } from './task-reporter.js';
import type { TaskRun } from './task-run.js';

/**
 * Builds the `ctx` object of a handler. Its functions may be destructured. Parts that few handlers use are
 * created on first access.
 */
export function toAttemptContext(
  job: Job,
  run: TaskRun,
  reporter: TaskReporter,
  stepResults: StepResults,
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
    once: (key, fn) => (once ??= new Once(stepResults)).once(key, fn),
  };
}
