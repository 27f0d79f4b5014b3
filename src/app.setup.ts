import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import { accessLog } from './http/access-log.js';
import { bodyParsers } from './http/body-parsers.js';
import { ProblemFilter } from './http/problem.filter.js';
import { requestId } from './http/request-id.js';
import { sameSite } from './http/same-site.js';
import { securityHeaders } from './http/security-headers.js';
import { setupApiDocs } from './api-docs/setup-api-docs.js';
import { setupViews } from './web/views.setup.js';

/** What main.ts and the tests both apply to the web app before it listens. */
export function setupApp(app: NestExpressApplication, log: Logger, { cache = true } = {}): void {
  const filter = app.get(ProblemFilter);
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(requestId, accessLog(log), securityHeaders(), sameSite);
  app.use(bodyParsers());
  // Here, before Nest makes its own sense of what the parsers say.
  app.use(filter.middleware);
  setupViews(app, { cache });
  setupApiDocs(app);
  app.useGlobalFilters(filter);
}
