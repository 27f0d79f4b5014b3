import type { Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';

/** Forbids inline scripts and styles, content from other hosts, and framing. The headers are the same for every response. */
export function securityHeaders(): RequestHandler {
  const headers: [name: string, value: string][] = [];
  const collector = {
    setHeader: (name: string, value: string) => headers.push([name, value]),
    removeHeader() {},
  };
  void fixedHeaders()({} as Request, collector as unknown as Response, (error?: unknown) => {
    if (error) throw new Error('helmet failed', { cause: error });
  });
  return (_req, res, next) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    next();
  };
}

function fixedHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: DIRECTIVES },
    // Roost itself serves plain http; the proxy that adds TLS must add this header.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'same-origin' },
  });
}

const DIRECTIVES = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'"],
  'connect-src': ["'self'"],
  'manifest-src': ["'self'"],
  'form-action': ["'self'"],
  'base-uri': ["'none'"],
  'frame-ancestors': ["'none'"],
  'object-src': ["'none'"],
};

/** Swagger UI styles its page inline: allows inline styles there, but no inline scripts. */
export const docsHeaders: RequestHandler = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: { ...DIRECTIVES, 'style-src': ["'self'", "'unsafe-inline'"] },
});
