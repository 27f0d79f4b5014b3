import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOG } from '../logging/logging.module.js';

/** Lines of one kind that are written in a second; those beyond are counted. */
const EACH = 20;
const WINDOW_MS = 1000;

/** An attempt that is over, as the log tells it. */
export interface AttemptLine {
  taskId: string | undefined;
  type: string;
  queue: string;
  attempt: number;
  ms: number;
  requestId?: string;
}

/** Lines that would say the same but for the task. */
interface Kind {
  type: string;
  queue: string;
  outcome: string;
  error: string | undefined;
  told: number;
  more: number;
  slowestMs: number;
}

/**
 * The line each attempt leaves in the log. Nobody reads ten thousand lines a second, and writing them takes more of a worker
 * than the tasks: of what happens more often than that only the number is told. The history has every one of them;
 * LOG_LEVEL=debug writes every line.
 */
@Injectable()
export class TaskLog implements OnApplicationShutdown {
  private readonly kinds = new Map<string, Kind>();
  private timer: NodeJS.Timeout | undefined;

  constructor(@Inject(LOG) private readonly log: Logger) {}

  /** @param error of what failed: the name alone, as a message may quote the input. */
  tell(line: AttemptLine, outcome: string, error?: string): void {
    const isAll = this.log.isLevelEnabled('debug');
    if (isAll || this.isTold(line, outcome, error)) this.write(line, outcome, error);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.timer);
    this.sum();
  }

  private isTold({ type, queue, ms }: AttemptLine, outcome: string, error: string | undefined): boolean {
    const key = `${queue} ${type} ${outcome} ${error ?? ''}`;
    let kind = this.kinds.get(key);
    if (!kind) {
      this.kinds.set(key, (kind = { type, queue, outcome, error, told: 0, more: 0, slowestMs: 0 }));
      this.timer ??= setTimeout(() => {
        this.timer = undefined;
        this.sum();
      }, WINDOW_MS).unref();
    }
    if (kind.told < EACH) {
      kind.told++;
      return true;
    }
    kind.more++;
    if (ms > kind.slowestMs) kind.slowestMs = ms;
    return false;
  }

  private sum(): void {
    for (const { type, queue, outcome, error, more, slowestMs } of this.kinds.values()) {
      if (more === 0) continue;
      const line = { type, queue, more, slowestMs, ...(error ? { error } : {}) };
      const text = `${type} ${outcome}, ${more} more of them within a second`;
      if (error) this.log.warn(line, text);
      else this.log.info(line, text);
    }
    this.kinds.clear();
  }

  private write(line: AttemptLine, outcome: string, error: string | undefined): void {
    const text = `${line.type} ${outcome}`;
    if (outcome === 'held back') this.log.debug(line, text);
    else if (error) this.log.warn({ ...line, error }, text);
    else this.log.info(line, text);
  }
}
