import type { NextFunction, Request, Response } from 'express';

/**
 * Handles HEAD as GET and ends the response where the content would begin. Otherwise a streaming response (events,
 * exports) would run forever and block its connection.
 */
export function endHeads(req: Request, res: Response, next: NextFunction): void {
  if (req.method === 'HEAD') {
    res.write = () => {
      if (!res.writableEnded) res.end();
      return true;
    };
  }
  next();
}
