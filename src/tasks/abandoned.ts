import type { Response } from 'express';

/** Aborted when the caller hangs up, so that nobody is waited for in vain. */
export function abandonedBy(res: Response): AbortSignal {
  const controller = new AbortController();
  res.on('close', () => controller.abort());
  return controller.signal;
}
