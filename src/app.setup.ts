import type { NestExpressApplication } from '@nestjs/platform-express';
import { AuthenticationMiddleware } from './auth/authentication.middleware.js';
import { RateLimit } from './auth/rate-limit.js';
import { toTrustProxy } from './auth/trust-proxy.js';
import { AuditTrail } from './audit/audit-trail.js';
import { Settings } from './platform/config/settings.js';
import { AccessLog } from './http/access-log.js';
import { AllowedMethods, type RouterLayer } from './http/allowed-methods.js';
import { bodyParsers } from './http/body-parsers.js';
import { chain } from './http/chain.js';
import { dotIds } from './http/dot-ids.js';
import { compressAnswers } from './http/compress-answers.js';
import { endHeads } from './http/head-requests.js';
import { jsonAnswers } from './http/json-answers.js';
import { OpenRequests } from './http/open-requests.js';
import { ProblemFilter } from './http/problem.filter.js';
import { requestId } from './http/request-id.js';
import { sameSite } from './http/same-site.js';
import { securityHeaders } from './http/security-headers.js';
import { setupApiDocs } from './openapi/setup-openapi.js';
import { ASSETS, setupViews } from './web/kit/views.setup.js';

/** Configures the web app before it listens. Shared by main.ts and the tests. */
export function setupApp(app: NestExpressApplication, { cache = true } = {}): void {
  const filter = app.get(ProblemFilter);
  const authentication = app.get(AuthenticationMiddleware);
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', toTrustProxy(app.get(Settings).TRUST_PROXY));
  app.use(
    chain(
      requestId,
      endHeads,
      compressAnswers(),
      app.get(AccessLog).middleware,
      securityHeaders(),
      app.get(OpenRequests).middleware,
      app.get(AuditTrail).middleware,
      sameSite,
      dotIds,
      jsonAnswers,
      authentication.middleware,
      app.get(RateLimit).middleware,
      // Before the body parsers: the body is not for this path.
      allowedMethods(app).middleware,
      ...bodyParsers(),
    ),
  );
  // Before Nest converts the parsers' errors in its own way.
  app.use(filter.middleware);
  setupViews(app, { cache });
  // No Nest routes, so the guard does not cover them.
  app.use(['/api/docs', '/api/openapi.json'], authentication.requires({ permission: 'tasks.read' }));
  setupApiDocs(app);
  app.useGlobalFilters(filter);
}

function allowedMethods(app: NestExpressApplication): AllowedMethods {
  const { router } = app.getHttpAdapter().getInstance() as { router: { stack: RouterLayer[] } };
  return new AllowedMethods(() => router.stack, [{ prefix: '/assets', folder: ASSETS }]);
}
