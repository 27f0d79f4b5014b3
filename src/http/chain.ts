import type { RequestHandler } from 'express';

/** Joins middleware into one handler, because each layer of the router costs every request a match and a closure. */
export function chain(...handlers: readonly RequestHandler[]): RequestHandler {
  return (req, res, next) => {
    let at = 0;
    const step = (error?: unknown): void => {
      const handler = error ? undefined : handlers[at++];
      if (!handler) return next(error);
      try {
        const result: unknown = handler(req, res, step);
        if (result instanceof Promise) result.catch(next);
      } catch (thrown) {
        next(thrown);
      }
    };
    step();
  };
}
