import type { NextFunction, Request, Response } from 'express';
import { RoostError } from '../model/errors.js';
import { isWrite } from './methods.js';

/**
 * Rejects requests that a browser sends on behalf of another site. Otherwise any web page could submit and cancel
 * tasks on its visitor's machine. Allows only navigation among cross-site reads: a page cannot read what it embeds,
 * but each embedded export would cost work and an audit entry. Programs send none of these headers and pass.
 */
export function sameSite(req: Request, _res: Response, next: NextFunction): void {
  const isRefused = isWrite(req.method) ? isFromElsewhere(req) : isEmbedded(req);
  next(
    isRefused
      ? new RoostError(
          'CROSS_SITE',
          'Another site asked the browser to do this, so it was not done. Use the pages here.',
        )
      : undefined,
  );
}

function isEmbedded({ headers }: Request): boolean {
  const isLink = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  return headers['sec-fetch-site'] === 'cross-site' && !isLink;
}

function isFromElsewhere({ headers }: Request): boolean {
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  return (
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (site === undefined && origin !== undefined && hostOf(origin) !== headers.host)
  );
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
