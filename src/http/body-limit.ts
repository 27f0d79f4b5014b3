import type { Request, RequestHandler, Response } from 'express';
import { RoostError } from '../contract/errors.js';

/** What a refused client may still send before the connection is cut: enough for most to finish and read the answer. */
const LINGER_BYTES = 16 * 1024 * 1024;
const LINGER_MS = 1000;

/**
 * A body parser that refuses at once what is over `limit` bytes. By itself body-parser reads such a body to its end before
 * it says so, however long that takes: https://github.com/expressjs/body-parser/blob/2.x/lib/read.js
 */
export function bounded(limit: number, parser: RequestHandler): RequestHandler {
  return (req, res, next) => {
    let settled = false;
    let bytes = 0;
    const settle = (error?: unknown) => {
      req.off('data', count);
      if (settled) return;
      settled = true;
      next(error);
    };
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limit) settle(bodyTooLarge(limit));
    };
    void parser(req, res, settle);
    // Still reading; it has its own listener by now, so this one starts no flow that nobody hears.
    if (!settled) req.on('data', count);
  };
}

export function bodyTooLarge(limit: number | undefined): RoostError {
  return new RoostError(
    'BODY_TOO_LARGE',
    `The body is over the limit of ${limit} bytes here. Send less at once.`,
    [{ path: 'body', message: `must be at most ${limit} bytes` }],
  );
}

/** Whether a body came, or is on its way. */
export function sentBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Answers while the body is still coming, then swallows some more of it before the connection ends: closed with unread
 * bytes it would be reset, and the client might lose the answer.
 */
export function answerEarly(req: Request, res: Response, body: string): void {
  res.setHeader('Connection', 'close');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.write(body);
  let bytes = 0;
  const end = () => {
    clearTimeout(timer);
    res.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  req.on('data', (chunk: Buffer) => (bytes += chunk.length) > LINGER_BYTES && end());
  req.once('end', end);
  req.once('close', end);
  req.resume();
}
