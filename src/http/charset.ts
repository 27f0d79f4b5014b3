import type { NextFunction, Request, Response } from 'express';
import { RoostError } from '../model/errors.js';
import { sentBody } from './body-limit.js';

const CHARSET = /;\s*charset\s*=\s*("[^"]*"|'[^']*'|[^\s;]*)/i;
/** Names in use for UTF-8 and for its subset ASCII. */
const UTF_8: ReadonlySet<string> = new Set(['', 'utf-8', 'utf8', 'us-ascii', 'ascii']);

/**
 * Normalizes the names of UTF-8 for the parsers. Rejects other encodings of JSON, which is always UTF-8 (RFC 8259).
 * Forms may also use ISO 8859-1, which their parser supports.
 */
export function readCharset(req: Request, _res: Response, next: NextFunction): void {
  const type = req.headers['content-type'];
  const found = type === undefined ? null : CHARSET.exec(type);
  if (!type || !found) return next();
  const charset = found[1]!.replace(/^["']|["']$/g, '').trim();
  if (UTF_8.has(charset.toLowerCase())) {
    req.headers['content-type'] = type.replace(found[0], '; charset=utf-8');
  } else if (req.path.startsWith('/api/') && sentBody(req)) {
    const message = `has the charset ${charset.slice(0, 40)}; bodies are read as UTF-8 alone`;
    return next(
      new RoostError('CONTENT_TYPE_UNSUPPORTED', `The content type ${message}. Encode the body as UTF-8.`, [
        { path: 'content-type', message },
      ]),
    );
  }
  next();
}
