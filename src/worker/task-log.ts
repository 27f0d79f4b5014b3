import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Flood } from '../logging/flood.js';
import { LOG } from '../logging/logging.module.js';

/** An attempt that is over, as the log tells it. */
export interface AttemptLine {
  taskId: string | undefined;
  type: string;
  queue: string;
  attempt: number;
  ms: number;
  requestId?: string;
}

/** What lines have in common that differ by their task alone. */
interface Kind {
  type: string;
  queue: string;
  outcome: string;
  error: string | undefined;
}

/** The line each attempt leaves in the log; of a flood the number. The history has every one; LOG_LEVEL=debug writes every line. */
@Injectable()
export class TaskLog implements OnApplicationShutdown {
  private readonly flood = new Flood<Kind>((kind, more, slowestMs) => this.sum(kind, more, slowestMs));

  constructor(@Inject(LOG) private readonly log: Logger) {}

  /** @param error of what failed: the name alone, as a message may quote the input. */
  tell(line: AttemptLine, outcome: string, error?: string): void {
    const { type, queue, ms } = line;
    const isTold =
      this.log.isLevelEnabled('debug') ||
      this.flood.isTold(`${queue} ${type} ${outcome} ${error ?? ''}`, { type, queue, outcome, error }, ms);
    if (!isTold) return;
    const text = `${type} ${outcome}`;
    if (outcome === 'held back') this.log.debug(line, text);
    else if (error) this.log.warn({ ...line, error }, text);
    else this.log.info(line, text);
  }

  onApplicationShutdown(): void {
    this.flood.flush();
  }

  private sum({ type, queue, outcome, error }: Kind, more: number, slowestMs: number): void {
    const line = { type, queue, more, slowestMs, ...(error ? { error } : {}) };
    const text = `${type} ${outcome}, ${more} more of them within a second`;
    if (outcome === 'held back') this.log.debug(line, text);
    else if (error) this.log.warn(line, text);
    else this.log.info(line, text);
  }
}
