import type { Request } from 'express';

declare module 'express-serve-static-core' {
  interface Request {
    life?: RequestLifetime;
  }
}

/**
 * Progress of a request. The end of the response is not enough to derive it: a client can close the connection at any
 * time, while authentication or the handler still run.
 */
export class RequestLifetime {
  /** The client has closed the connection. No handler starts after that. */
  isClosed = false;
  private authentication: Promise<unknown> | undefined;
  private handling: Promise<void> | undefined;
  /** The handler has finished, so the response status is its result. */
  isHandled = false;

  static of(req: Request): RequestLifetime {
    return (req.life ??= new RequestLifetime());
  }

  authenticating(work: Promise<unknown>): void {
    this.authentication = work.catch(() => undefined);
  }

  /** Records the start of the handler. Call the returned function when it has ended, in any way. */
  handlerStarted(): () => void {
    let resolve!: () => void;
    this.handling = new Promise((done) => (resolve = done));
    return () => {
      this.isHandled = true;
      resolve();
    };
  }

  /** Call after the response has closed. Resolves once the started work has ended and the status is set. */
  async over(): Promise<void> {
    await this.authentication;
    await this.handling;
    if (this.handling) await new Promise((resolve) => setImmediate(resolve));
  }
}
