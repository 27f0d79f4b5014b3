import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { rootCause } from '../model/failure.js';
import type { TaskFailure } from '../model/task-view.js';
import { LogSampler } from '../platform/logging/log-sampler.js';
import { LOG } from '../platform/logging/logging.module.js';

/** Fields shared by lines that differ only in their task. */
interface Kind {
  type: string;
  queue: string;
  outcome: string;
  /** Kind of the failure, see `kindOf`. */
  error?: string;
}

/** Fields of one line, which identify the attempt. */
interface AttemptIdentity {
  taskId: string | undefined;
  attempt: number;
  requestId?: string;
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

  /** @param identify called only if the line is written. */
  logAttempt(kind: Kind, ms: number, identify: () => AttemptIdentity): void {
    const { type, queue, outcome, error } = kind;
    const isLogged =
      this.log.isLevelEnabled('debug') ||
      this.sampler.admits(`${queue} ${type} ${outcome} ${error ?? ''}`, kind, ms);
    if (!isLogged) return;
    const { taskId, attempt, ...request } = identify();
    const line = { taskId, type, queue, attempt, ms, ...request };
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
