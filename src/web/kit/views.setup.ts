import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Application } from 'express';
import hbs from 'hbs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../platform/project-root.js';
import { AssetUrls, VENDOR_FILES } from './asset-urls.js';
import { type Engine, registerViewHelpers } from './view-helpers.js';

const VIEWS = join(PROJECT_ROOT, 'views');

/** Folder served under `/assets`. */
export const ASSETS = join(VIEWS, 'assets');

/** Holds the files that the build bundled from `ASSETS`. */
const BUNDLED_ASSETS = join(PROJECT_ROOT, 'dist/assets');

const ONE_YEAR = 'public, max-age=31536000, immutable';

/**
 * Renders pages with Handlebars on a separate instance: the package's shared one would leak helpers and
 * partials between two apps of one process. `cache: false` reads views and assets again on every request,
 * and the assets as they are in `views/`.
 *
 * Every `render` gets an object built by a page model: hbs reads `layout` and `settings` from it, so client
 * data must never be passed unchanged.
 */
export function setupViews(app: NestExpressApplication, { cache }: { cache: boolean }): void {
  const instance = hbs.create();
  const folders = cache ? [BUNDLED_ASSETS, ASSETS] : [ASSETS];
  registerViewHelpers(instance.handlebars as unknown as Engine, new AssetUrls(folders, cache));
  instance.registerPartials(join(VIEWS, 'partials'));

  app.engine('hbs', instance.__express);
  app.setViewEngine('hbs');
  app.setBaseViewsDir(VIEWS);
  app.setLocal('layout', 'layouts/main');
  app.set('view cache', cache);

  const router = app.getHttpAdapter().getInstance() as Application;
  for (const [name, file] of Object.entries(VENDOR_FILES)) {
    router.get(`/assets/${name}`, (request, response) => {
      response.sendFile(file, {
        // Roost itself may be installed under a folder whose name begins with a dot.
        dotfiles: 'allow',
        headers: { 'cache-control': cachePolicy(request.originalUrl) },
      });
    });
  }
  for (const folder of folders) {
    app.useStaticAssets(folder, {
      prefix: '/assets',
      index: false,
      setHeaders: (response: FileResponse) =>
        response.setHeader('cache-control', cachePolicy(response.req.originalUrl)),
    });
  }
}

/** A file imported by another one has no hash in its address and is requested again each time. */
function cachePolicy(url: string): string {
  return /[?&]v=/.test(url) ? ONE_YEAR : 'no-cache';
}

interface FileRequest {
  originalUrl: string;
}

interface FileResponse {
  req: FileRequest;
  setHeader(name: string, value: string): unknown;
}
