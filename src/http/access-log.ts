import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { Flood } from '../logging/flood.js';

/** Of requests to one route with one answer. */
interface Kind {
  status: number;
  text: string;
}

/**
 * One line a request, once it is answered: method, path without its query (it may hold what people searched for), status,
 * ms. Of a flood of the same the number; the audit has every write, and LOG_LEVEL=debug writes every line.
 */
export function accessLog(log: Logger): RequestHandler {
  const flood = new Flood<Kind>(({ status, text }, more, slowestMs) => {
    const line = { status, more, slowestMs };
    if (status >= 500) log.warn(line, `${text}, ${more} more of them within a second`);
    else log.info(line, `${text}, ${more} more of them within a second`);
  });
  return (req: Request, res: Response, next: NextFunction) => {
    const start = performance.now();
    res.on('close', () => {
      const { id, method } = req;
      const path = req.originalUrl.split('?', 1)[0]!.slice(0, 200);
      const status = res.statusCode;
      const isQuiet = path.startsWith('/assets/') || path.startsWith('/health/');
      const ms = Math.round(performance.now() - start);
      if (!log.isLevelEnabled('debug')) {
        const route = (req.route as { path?: string } | undefined)?.path ?? path;
        const text = `${method} ${route}`;
        if (isQuiet || !flood.isTold(`${status} ${text}`, { status, text }, ms)) return;
      }
      const line = { requestId: id, status, ms };
      const text = `${method} ${path}`;
      if (isQuiet) log.debug(line, text);
      else if (status >= 500) log.warn(line, text);
      else log.info(line, text);
    });
    next();
  };
}
