import { PermanentError } from '../../task-api/outcomes.js';
import { fromRecord, recordOf } from '../normalize-error.js';
import type { Crash } from './messages.js';

/** The process of a task ended while the task ran. Counts as a failed attempt. */
export class TaskProcessError extends Error {
  override name = 'TaskProcessError';
}

/** Known facts about the end of a process. */
export interface Death {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Last output on standard error. */
  lastOutput: string;
  limitMb: number;
  crash?: Crash;
  /** The process could not be started. */
  failedToStart?: string;
}

/**
 * Signals that Node ends itself with when the heap is full, and the exit codes that a shell makes of them.
 */
const ABORT_EXITS = new Set<string | number>(['SIGABRT', 'SIGTRAP', 'SIGILL', 128 + 6, 128 + 5, 128 + 4]);
const OUT_OF_MEMORY = /FATAL ERROR: .*(heap out of memory|heap limit|allocation failed)/i;

export function toProcessError(death: Death): TaskProcessError {
  const error = new TaskProcessError(describeDeath(death));
  const { name, message } = error;
  // The crash contains the origin. The stack from here to the caller shows nothing useful.
  return fromRecord({ stack: `${name}: ${message}`, ...death.crash?.error, name, message }, error);
}

/** Returns one sentence, such as "The task's process ended with exit code 3". */
export function describeDeath({ code, signal, lastOutput, limitMb, crash, failedToStart }: Death): string {
  const process = "The task's process";
  if (failedToStart !== undefined) return `${process} could not be started: ${failedToStart}`;
  // The stack shows the call that ended the process.
  if (crash && !crash.exitCalled) {
    const what = crash.unhandledRejection ? 'an unhandled promise rejection' : 'an uncaught exception';
    return `${process} ended by ${what}: ${crash.error.name}: ${crash.error.message}`;
  }
  if (ABORT_EXITS.has(signal ?? code ?? '') && OUT_OF_MEMORY.test(lastOutput)) {
    return `${process} ran out of memory (limit ${limitMb} MB)`;
  }
  if (signal === 'SIGKILL')
    return `${process} was killed by SIGKILL: by a user, or because the system ran out of memory`;
  if (signal !== null) return `${process} was killed by ${signal}`;
  return `${process} ended with exit code ${code}`;
}

/** Maximum number of consecutive process deaths of a task. The task then fails permanently. */
const MAX_DEATHS = 3;
/** Maximum number of tasks remembered. The task whose process died longest ago is dropped first. */
const MAX_REMEMBERED_TASKS = 1000;

/** Counts the consecutive process deaths of each task that this worker has seen. */
export class DeathCount {
  private readonly deaths = new Map<string, number>();

  /** Returns the error of the attempt: permanent once the limit is reached. */
  record(taskId: string, error: TaskProcessError): Error {
    const count = (this.deaths.get(taskId) ?? 0) + 1;
    this.deaths.delete(taskId);
    if (count >= MAX_DEATHS) {
      const message = `${error.message}; ${count} times in a row, so it is not tried again`;
      return fromRecord({ ...recordOf(error), message }, new PermanentError(message));
    }
    this.deaths.set(taskId, count);
    if (this.deaths.size > MAX_REMEMBERED_TASKS) this.deaths.delete(this.deaths.keys().next().value!);
    return error;
  }

  reset(taskId: string): void {
    this.deaths.delete(taskId);
  }
}
