import type { Response } from 'express';

/** Returns a signal that aborts when the client disconnects, or when the web app stops and must answer first. */
export function requestAborted(res: Response): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const { stopping } = res.req;
  if (stopping?.aborted) abort();
  stopping?.addEventListener('abort', abort, { once: true });
  res.on('close', () => {
    stopping?.removeEventListener('abort', abort);
    abort();
  });
  return controller.signal;
}
