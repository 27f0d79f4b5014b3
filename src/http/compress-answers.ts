import compression from 'compression';
import type { Request, RequestHandler, Response } from 'express';
import { constants } from 'node:zlib';

/**
 * Minimum size for compression, bytes. Anything that fits into one or two packets is faster to send than to compress.
 */
const MIN_BYTES = 2_048;
/**
 * Quality and window: a page of 70 kB becomes 6 kB in 0.6 ms. A larger window needs megabytes for each concurrent
 * response.
 */
const BROTLI = { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 };

/**
 * Compresses responses to reads: pages, JSON, exports, style sheets. Leaves responses to writes uncompressed, so
 * submitting tasks costs nothing and no page with fresh user input is compressed. `sendPieces` flushes the buffer.
 */
export function compressAnswers(): RequestHandler {
  const compress = compression({ threshold: MIN_BYTES, brotli: { params: BROTLI }, filter: isWorthIt });
  return (req, res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return next();
    // Set on every response, including 304 and short ones: caches apply it to the URL, not to one response.
    res.vary('Accept-Encoding');
    // Makes a HEAD return the headers of its GET; the library does not.
    compress({ method: 'GET', headers: req.headers } as Request, res, next);
  };
}

function isWorthIt({ headers }: Request, res: Response): boolean {
  // Cross-site pages could measure the length of a response that contains text of their choice.
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return false;
  // Content-Range counts uncompressed bytes.
  if (res.getHeader('Content-Range') !== undefined) return false;
  const type = String(res.getHeader('Content-Type'));
  // Events must not be buffered.
  if (/^text\/event-stream\b/i.test(type)) return false;
  return /^application\/(x-)?ndjson\b/i.test(type) || compression.filter({ headers } as Request, res);
}
