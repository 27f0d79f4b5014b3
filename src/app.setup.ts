import type { NestExpressApplication } from '@nestjs/platform-express';
import { Gate } from './access/gate.js';
import { RateLimit } from './access/rate-limit.js';
import { toTrustProxy } from './access/trust-proxy.js';
import { AuditTrail } from './audit/audit-trail.js';
import { Settings } from './config/settings.js';
import { AccessLog } from './http/access-log.js';
import { bodyParsers } from './http/body-parsers.js';
import { ProblemFilter } from './http/problem.filter.js';
import { requestId } from './http/request-id.js';
import { sameSite } from './http/same-site.js';
import { securityHeaders } from './http/security-headers.js';
import { setupApiDocs } from './api-docs/setup-api-docs.js';
import { setupViews } from './web/views.setup.js';

/** What main.ts and the tests both apply to the web app before it listens. */
export function setupApp(app: NestExpressApplication, { cache = true } = {}): void {
  const filter = app.get(ProblemFilter);
  const gate = app.get(Gate);
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', toTrustProxy(app.get(Settings).TRUST_PROXY));
  app.use(
    requestId,
    app.get(AuditTrail).middleware,
    app.get(AccessLog).middleware,
    securityHeaders(),
    sameSite,
  );
  app.use(gate.middleware, app.get(RateLimit).middleware);
  app.use(bodyParsers());
  // Here, before Nest makes its own sense of what the parsers say.
  app.use(filter.middleware);
  setupViews(app, { cache });
  // No routes of Nest, so its guard does not see them.
  app.use(['/api/docs', '/api/openapi.json'], gate.requires({ permission: 'tasks.read' }));
  setupApiDocs(app);
  app.useGlobalFilters(filter);
}
