import type { NextFunction, Request, Response } from 'express';
import { RoostError } from '../contract/errors.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses writes that a browser sends on behalf of another site: without this any page on the web could submit and cancel
 * tasks on its visitor's own machine. Programs send neither header and pass.
 */
export function sameSite(req: Request, _res: Response, next: NextFunction): void {
  if (SAFE.has(req.method)) return next();
  const site = req.headers['sec-fetch-site'];
  const origin = req.headers.origin;
  const fromElsewhere =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (site === undefined && origin !== undefined && hostOf(origin) !== req.headers.host);
  next(
    fromElsewhere
      ? new RoostError(
          'CROSS_SITE',
          'Another site asked the browser to do this, so it was not done. Use the pages here.',
        )
      : undefined,
  );
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
