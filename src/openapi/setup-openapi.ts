import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Application } from 'express';
import { readFileSync } from 'node:fs';
import { LoginState } from '../auth/login-state.js';
import { RouteCheck } from '../auth/route-check.js';
import { docsHeaders } from '../http/security-headers.js';
import { TaskRegistry } from '../registry/task-registry.js';
import { buildApiDocument } from './openapi-document.js';

/** Serves the API document at `/api/openapi.json`, and Swagger UI to read and try it at `/api/docs`. */
export function setupApiDocs(app: NestExpressApplication): void {
  const registry = app.get(TaskRegistry);
  const cookie = app.get(LoginState).session.name;
  const permissions = () =>
    new Map(
      app
        .get(RouteCheck)
        .routes()
        .flatMap(({ route, need }) =>
          typeof need === 'object' ? [[route.replace(/:(\w+)/g, '{$1}'), need.permission] as const] : [],
        ),
    );
  let document: string | undefined;
  // Built on the first request, so that it does not delay the start.
  const load = () =>
    (document ??= JSON.stringify(
      buildApiDocument(registry.all(), productVersion(), {
        cookie,
        permissions: permissions(),
        queues: registry.queues,
      }),
    ));
  const router = app.getHttpAdapter().getInstance() as Application;
  router.get('/api/openapi.json', (_request, response) => {
    response.type('application/json').send(load());
  });
  router.get('/api/docs', docsHeaders, (_request, response) => {
    response.render('openapi/show', { layout: false });
  });
}

function productVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
