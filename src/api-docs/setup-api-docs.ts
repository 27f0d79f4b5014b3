import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { readFileSync } from 'node:fs';
import { Door } from '../access/door.js';
import { RouteCheck } from '../access/route-check.js';
import { Catalog } from '../catalog/catalog.js';
import { docsHeaders } from '../http/security-headers.js';
import { buildApiDocument } from './api-document.js';

const DOCS = 'api/docs';

/** The API's document at `/api/openapi.json`, and a page to read and try it at `/api/docs`. */
export function setupApiDocs(app: NestExpressApplication): void {
  const types = app.get(Catalog).all();
  const cookie = app.get(Door).session.name;
  const permissions = () =>
    new Map(
      app
        .get(RouteCheck)
        .routes()
        .flatMap(({ route, need }) =>
          typeof need === 'object' ? [[route.replace(/:(\w+)/g, '{$1}'), need.permission] as const] : [],
        ),
    );
  // Built when it is first asked for: a start does not wait for it.
  const document = () =>
    buildApiDocument(types, productVersion(), { cookie, permissions: permissions() }) as OpenAPIObject;
  app.use(`/${DOCS}`, docsHeaders);
  SwaggerModule.setup(DOCS, app, document, {
    jsonDocumentUrl: 'api/openapi.json',
    raw: ['json'],
    customSiteTitle: 'API · Roost',
    customfavIcon: '/assets/favicon.svg',
    customCssUrl: '/assets/api-docs.css',
    customJs: '/assets/api-docs.js',
    swaggerOptions: {
      // Else the page asks validator.swagger.io what it thinks of the document.
      validatorUrl: null,
      tryItOutEnabled: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
    },
  });
}

function productVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
