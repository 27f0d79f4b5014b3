import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Application } from 'express';
import { LoginState } from '../auth/login-state.js';
import { RouteCheck } from '../auth/route-check.js';
import { docsHeaders } from '../http/security-headers.js';
import { VERSION } from '../platform/project-root.js';
import { TaskRegistry } from '../registry/task-registry.js';

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
  const build = async () => {
    const { buildApiDocument } = await import('./openapi-document.js');
    return JSON.stringify(
      buildApiDocument(registry.all(), VERSION, {
        cookie,
        permissions: permissions(),
        queues: registry.queues,
      }),
    );
  };
  let document: Promise<string> | undefined;
  const router = app.getHttpAdapter().getInstance() as Application;
  router.get('/api/openapi.json', async (_request, response) => {
    // Built on the first request: neither the document nor the library of its schemas delays the start.
    response.type('application/json').send(await (document ??= build()));
  });
  router.get('/api/docs', docsHeaders, (_request, response) => {
    response.render('openapi/show', { layout: false });
  });
}
