import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { rootCause } from '../model/failure.js';
import type { TaskFailure } from '../model/task-view.js';
import { LogSampler } from '../platform/logging/log-sampler.js';
import { LOG } from '../platform/logging/logging.module.js';

/** Finished attempt, as logged. */
export interface AttemptLine {
  taskId: string | undefined;
  type: string;
  queue: string;
  attempt: number;
  ms: number;
  requestId?: string;
}

/** Fields shared by lines that differ only in their task. */
interface Kind {
  type: string;
  queue: string;
  outcome: string;
  error: string | undefined;
}

/**
 * Logs one line per attempt; a flood of similar lines is logged as a count. The history has every attempt;
 * LOG_LEVEL=debug logs every line.
 */
@Injectable()
export class TaskLog implements OnApplicationShutdown {
  private readonly sampler = new LogSampler<Kind>((kind, more, slowestMs) =>
    this.logCount(kind, more, slowestMs),
  );

  constructor(@Inject(LOG) private readonly log: Logger) {}

  /** @param error kind of the failure, see `kindOf`. */
  logAttempt(line: AttemptLine, outcome: string, error?: string): void {
    const { type, queue, ms } = line;
    const isLogged =
      this.log.isLevelEnabled('debug') ||
      this.sampler.admits(`${queue} ${type} ${outcome} ${error ?? ''}`, { type, queue, outcome, error }, ms);
    if (!isLogged) return;
    const text = `${type} ${outcome}`;
    if (outcome === 'held back') this.log.debug(line, text);
    else if (error) this.log.warn({ ...line, error }, text);
    else this.log.info(line, text);
  }

  onApplicationShutdown(): void {
    this.sampler.flush();
  }

  private logCount({ type, queue, outcome, error }: Kind, more: number, slowestMs: number): void {
    const line = { type, queue, more, slowestMs, ...(error ? { error } : {}) };
    const text = `${type} ${outcome}, ${more} more of them within a second`;
    if (outcome === 'held back') this.log.debug(line, text);
    else if (error) this.log.warn(line, text);
    else this.log.info(line, text);
  }
}

/** Matches a code; a sentence does not match. */
const CODE = /^[\w.:-]{1,64}$/;

/**
 * Returns the names and codes of an error and its root cause, without messages, because these may quote the
 * input.
 */
export function kindOf(failure: TaskFailure): string {
  const root = rootCause(failure);
  const name = ({ name, code }: TaskFailure) => (code && CODE.test(code) ? `${name} ${code}` : name);
  return root === failure ? name(failure) : `${name(failure)}, caused by ${name(root)}`;
}
