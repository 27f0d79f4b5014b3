import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { RoostError } from '../model/errors.js';

declare module 'express-serve-static-core' {
  interface Request {
    /** Aborted when the web app stops. Long-running responses must end then. */
    stopping?: AbortSignal;
  }
}

/**
 * Paths served until the end: they do not depend on anything that a stop closes, and pages already sent need their
 * style sheets.
 */
const ALWAYS_SERVED = /^\/(assets\/|health\/live$)/;
/** Interval for checking open requests, ms. */
const POLL_INTERVAL_MS = 100;
/** Time without progress after which a client that should send or read is disconnected, ms. */
const STALL_TIMEOUT_MS = 3_000;

/**
 * Tracks open requests for a graceful shutdown: started requests finish, waiting and streaming ones end early and
 * completely, new ones are rejected with 503.
 */
@Injectable()
export class OpenRequests {
  private readonly open = new Set<Response>();
  private readonly stop = new AbortController();

  readonly middleware = (req: Request, res: Response, next: NextFunction): void => {
    if (this.stop.signal.aborted) {
      res.setHeader('Connection', 'close');
      if (!ALWAYS_SERVED.test(req.path)) return next(shuttingDown());
    }
    req.stopping = this.stop.signal;
    this.open.add(res);
    res.once('close', () => this.open.delete(res));
    next();
  };

  /** Starts the shutdown. Resolves when every open request has ended, or after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    for (const res of this.open) if (!res.headersSent) res.setHeader('Connection', 'close');
    this.stop.abort();
    const endAt = performance.now() + limitMs;
    const seen = new Map<Response, { progress: string; at: number }>();
    while (this.open.size > 0 && performance.now() < endAt) {
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
      const now = performance.now();
      for (const res of this.open) {
        const progress = progressOf(res);
        const last = seen.get(res);
        if (last?.progress !== progress) seen.set(res, { progress, at: now });
        else if (now - last.at >= STALL_TIMEOUT_MS && isClientsTurn(res)) res.destroy();
      }
    }
  }
}

function shuttingDown(): RoostError {
  return new RoostError(
    'SHUTTING_DOWN',
    'This web app is stopping, and did nothing about the request. Send it again: to another one, or to this one once it is back.',
  );
}

/** Returns a value that changes with every byte sent or received. */
function progressOf(res: Response): string {
  const { socket } = res.req;
  return `${socket.bytesRead} ${socket.bytesWritten} ${socket.writableLength} ${res.writableLength}`;
}

/** Whether the client has yet to send its body or read the response. */
function isClientsTurn(res: Response): boolean {
  return !res.req.complete || res.writableLength + res.req.socket.writableLength > 0;
}
