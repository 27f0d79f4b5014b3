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
  /** The handler has finished, so the response status is its result. */
  isHandled = false;
  private isAuthenticating = false;
  private isHandling = false;
  private whenIdle: (() => void) | undefined;

  static of(req: Request): RequestLifetime {
    return (req.life ??= new RequestLifetime());
  }

  authenticationStarted(): void {
    this.isAuthenticating = true;
  }

  /** Call after the next step has started. */
  authenticationEnded(): void {
    this.isAuthenticating = false;
    this.check();
  }

  handlerStarted(): void {
    this.isHandling = true;
  }

  /** Call when the handler has ended, in any way, and the status is set. Has no effect if it was not started. */
  handlerEnded(): void {
    if (!this.isHandling) return;
    this.isHandling = false;
    this.isHandled = true;
    this.check();
  }

  /** Call after the response has closed. Runs `act` once the started work has ended: at once for most requests. */
  whenOver(act: () => void): void {
    this.whenIdle = act;
    this.check();
  }

  private check(): void {
    if (this.isAuthenticating || this.isHandling) return;
    this.whenIdle?.();
    this.whenIdle = undefined;
  }
}
