import type { NextFunction, Request, Response } from 'express';
import { toJson } from '../model/lenient-json.js';
import { isWrite } from './methods.js';

/**
 * Serializes JSON responses with all digits of stored numbers. Sends the response to a write in one piece and without
 * Express's ETag, which only serves reads.
 */
export function jsonAnswers(req: Request, res: Response, next: NextFunction): void {
  const isRead = !isWrite(req.method);
  res.json = (body: unknown) => {
    const text = toJson(body);
    const isTyped = res.hasHeader('Content-Type');
    if (isRead || isTyped) {
      if (!isTyped) res.type('application/json');
      return res.send(text);
    }
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.setHeader('Content-Length', Buffer.byteLength(text));
    return res.end(text);
  };
  next();
}
