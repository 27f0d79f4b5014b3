import type { NextFunction, Request, Response } from 'express';
import { toJson } from '../model/lenient-json.js';

/** Serializes JSON responses with all digits of stored numbers. */
export function jsonAnswers(_req: Request, res: Response, next: NextFunction): void {
  res.json = (body: unknown) => {
    if (!res.get('Content-Type')) res.type('application/json');
    return res.send(toJson(body));
  };
  next();
}
