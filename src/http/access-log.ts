import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import { LogSampler } from '../platform/logging/log-sampler.js';
import { LOG } from '../platform/logging/logging.module.js';

/** Requests with the same route and status. */
interface Kind {
  status: number;
  text: string;
}

/**
 * Logs one line per finished request: method, path without the query (it may contain search terms), status, ms.
 * Counts repeated lines beyond a limit instead. The audit has every write, and LOG_LEVEL=debug logs every line.
 */
@Injectable()
export class AccessLog implements OnApplicationShutdown {
  private readonly sampler = new LogSampler<Kind>((kind, more, slowestMs) => this.sum(kind, more, slowestMs));

  constructor(@Inject(LOG) private readonly log: Logger) {}

  readonly middleware = (req: Request, res: Response, next: NextFunction): void => {
    const start = performance.now();
    res.on('close', () => this.record(req, res.statusCode, Math.round(performance.now() - start)));
    next();
  };

  onApplicationShutdown(): void {
    this.sampler.flush();
  }

  private record(req: Request, status: number, ms: number): void {
    const { id, method } = req;
    const path = req.originalUrl.split('?', 1)[0]!.slice(0, 200);
    const isQuiet = path.startsWith('/assets/') || path.startsWith('/health/');
    if (!this.log.isLevelEnabled('debug')) {
      const route = (req.route as { path?: string } | undefined)?.path ?? path;
      const text = `${method} ${route}`;
      if (isQuiet || !this.sampler.admits(`${status} ${text}`, { status, text }, ms)) return;
    }
    const line = { requestId: id, status, ms };
    const text = `${method} ${path}`;
    if (isQuiet) this.log.debug(line, text);
    else if (status >= 500) this.log.warn(line, text);
    else this.log.info(line, text);
  }

  private sum({ status, text }: Kind, more: number, slowestMs: number): void {
    const line = { status, more, slowestMs };
    const summary = `${text}, ${more} more of them within a second`;
    if (status >= 500) this.log.warn(line, summary);
    else this.log.info(line, summary);
  }
}
