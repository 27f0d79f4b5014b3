import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';

/** One line a request, once it is answered: method, path without its query (it may hold what people searched for), status, ms. */
export function accessLog(log: Logger): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const start = performance.now();
    res.on('close', () => {
      const { id, method } = req;
      const path = req.originalUrl.split('?', 1)[0]!.slice(0, 200);
      const line = { requestId: id, status: res.statusCode, ms: Math.round(performance.now() - start) };
      const text = `${method} ${path}`;
      if (path.startsWith('/assets/') || path.startsWith('/health/')) log.debug(line, text);
      else if (res.statusCode >= 500) log.warn(line, text);
      else log.info(line, text);
    });
    next();
  };
}
