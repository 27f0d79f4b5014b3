import { PermanentError } from '../../contract/outcomes.js';
import type { ErrorParts } from './messages.js';

/** The process that ran a task ended under it. Counts as a failed attempt. */
export class TaskProcessError extends Error {
  override name = 'TaskProcessError';
}

/** What is known of an end. */
export interface Death {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it said last on its standard error. */
  lastWords: string;
  limitMb: number;
  crash?: { error: ErrorParts; unhandledRejection: boolean };
  /** It could not be started at all. */
  failedToStart?: string;
}

/** Node ends itself by one of these, or by the code a shell makes of it, when the heap is full. */
const ABORTS = new Set<string | number>(['SIGABRT', 'SIGTRAP', 'SIGILL', 128 + 6, 128 + 5, 128 + 4]);
const OUT_OF_MEMORY = /FATAL ERROR: .*(heap out of memory|heap limit|allocation failed)/i;

export function toProcessError(death: Death): TaskProcessError {
  const { crash } = death;
  const error = new TaskProcessError(describeDeath(death));
  // Where it happened is in there; the stack from here to the caller tells nothing.
  error.stack = crash?.error.stack ?? `${error.name}: ${error.message}`;
  return error;
}

/** One sentence, such as "The task's process ended with exit code 3". */
export function describeDeath({ code, signal, lastWords, limitMb, crash, failedToStart }: Death): string {
  const process = "The task's process";
  if (failedToStart !== undefined) return `${process} could not be started: ${failedToStart}`;
  if (crash) {
    const what = crash.unhandledRejection
      ? 'a rejection that nobody handled'
      : 'an exception that nobody caught';
    return `${process} ended by ${what}: ${crash.error.name}: ${crash.error.message}`;
  }
  if (ABORTS.has(signal ?? code ?? '') && OUT_OF_MEMORY.test(lastWords)) {
    return `${process} ran out of memory (limit ${limitMb} MB)`;
  }
  if (signal === 'SIGKILL')
    return `${process} was killed by SIGKILL, by somebody or by a system short of memory`;
  if (signal !== null) return `${process} was killed by ${signal}`;
  return `${process} ended with exit code ${code}`;
}

/** A task that ends its process this often in a row fails for good. */
const MAX_DEATHS = 3;
/** Tasks remembered; the one that died longest ago is forgotten first. */
const MAX_REMEMBERED = 1000;

/** How often in a row each task's process died, as far as this worker knows. */
export class DeathCount {
  private readonly deaths = new Map<string, number>();

  /** The attempt's error: permanent once it is one too many. */
  judge(taskId: string, error: TaskProcessError): Error {
    const count = (this.deaths.get(taskId) ?? 0) + 1;
    this.deaths.delete(taskId);
    if (count >= MAX_DEATHS) {
      const permanent = new PermanentError(
        `${error.message}; ${count} times in a row, so it is not tried again`,
      );
      permanent.name = error.name;
      if (error.stack !== undefined) permanent.stack = error.stack;
      return permanent;
    }
    this.deaths.set(taskId, count);
    if (this.deaths.size > MAX_REMEMBERED) this.deaths.delete(this.deaths.keys().next().value!);
    return error;
  }

  forget(taskId: string): void {
    this.deaths.delete(taskId);
  }
}
