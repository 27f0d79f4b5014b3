import type { Request, RequestHandler, Response } from 'express';
import { RoostError } from '../model/errors.js';

/**
 * Limit on bytes that a refused client may still send before the connection closes. Enough for most clients to finish
 * and read the response.
 */
const LINGER_BYTES = 16 * 1024 * 1024;
const LINGER_MS = 1000;

/**
 * Wraps a body parser to reject a body over `limit` bytes at once. body-parser itself reads such a body to its end
 * first: https://github.com/expressjs/body-parser/blob/2.x/lib/read.js
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
    // The parser has its own listener by now, so adding this one does not start the stream without a reader.
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

/** Whether the request has a body. */
export function sentBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Responds while the body is still arriving, then discards a part of it before closing. Closing with unread bytes
 * would reset the connection, and the client might lose the response.
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
