import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** No inline script or style anywhere, nothing from other hosts, no framing. */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: DIRECTIVES },
    // Roost speaks plain http by itself; the proxy that adds TLS adds this as well.
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

/** Swagger UI styles its page from inside: styles are let in there, scripts are not. */
export const docsHeaders: RequestHandler = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: { ...DIRECTIVES, 'style-src': ["'self'", "'unsafe-inline'"] },
});
