import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from 'pino';
import { Flood } from '../logging/flood.js';
import { LOG } from '../logging/logging.module.js';

/** Of requests to one route with one answer. */
interface Kind {
  status: number;
  text: string;
}

/**
 * One line a request, once it is answered: method, path without its query (it may hold what people searched for), status,
 * ms. Of a flood of the same the number; the audit has every write, and LOG_LEVEL=debug writes every line.
 */
@Injectable()
export class AccessLog implements OnApplicationShutdown {
  private readonly flood = new Flood<Kind>((kind, more, slowestMs) => this.sum(kind, more, slowestMs));

  constructor(@Inject(LOG) private readonly log: Logger) {}

  readonly middleware = (req: Request, res: Response, next: NextFunction): void => {
    const start = performance.now();
    res.on('close', () => this.tell(req, res.statusCode, Math.round(performance.now() - start)));
    next();
  };

  onApplicationShutdown(): void {
    this.flood.flush();
  }

  private tell(req: Request, status: number, ms: number): void {
    const { id, method } = req;
    const path = req.originalUrl.split('?', 1)[0]!.slice(0, 200);
    const isQuiet = path.startsWith('/assets/') || path.startsWith('/health/');
    if (!this.log.isLevelEnabled('debug')) {
      const route = (req.route as { path?: string } | undefined)?.path ?? path;
      const text = `${method} ${route}`;
      if (isQuiet || !this.flood.isTold(`${status} ${text}`, { status, text }, ms)) return;
    }
    const line = { requestId: id, status, ms };
    const text = `${method} ${path}`;
    if (isQuiet) this.log.debug(line, text);
    else if (status >= 500) this.log.warn(line, text);
    else this.log.info(line, text);
  }

  private sum({ status, text }: Kind, more: number, slowestMs: number): void {
    const line = { status, more, slowestMs };
    const told = `${text}, ${more} more of them within a second`;
    if (status >= 500) this.log.warn(line, told);
    else this.log.info(line, told);
  }
}
