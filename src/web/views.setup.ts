import type { NestExpressApplication } from '@nestjs/platform-express';
import hbs from 'hbs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetUrls, VENDOR_FILES } from './asset-urls.js';
import { type Engine, registerViewHelpers } from './view-helpers.js';

const VIEWS = fileURLToPath(new URL('../../views', import.meta.url));

const ONE_YEAR = 'public, max-age=31536000, immutable';

/**
 * Pages are Handlebars on an instance of their own (the package's shared one would leak helpers and partials
 * between two apps of one process). `cache: false` reads views and assets anew on every request.
 *
 * Every `render` gets an object built by a page model: hbs takes `layout` and `settings` from what it is
 * given, so what a client sent must never be passed as it is.
 */
export function setupViews(app: NestExpressApplication, { cache }: { cache: boolean }): void {
  const assets = join(VIEWS, 'assets');
  const instance = hbs.create();
  registerViewHelpers(instance.handlebars as unknown as Engine, new AssetUrls(assets, cache));
  instance.registerPartials(join(VIEWS, 'partials'));

  app.engine('hbs', instance.__express);
  app.setViewEngine('hbs');
  app.setBaseViewsDir(VIEWS);
  app.setLocal('layout', 'layouts/main');
  app.set('view cache', cache);

  for (const [name, file] of Object.entries(VENDOR_FILES)) {
    app.use(`/assets/${name}`, (request: FileRequest, response: FileResponse) => {
      response.sendFile(file, {
        // Roost itself may lie under a folder whose name begins with a dot.
        dotfiles: 'allow',
        headers: { 'cache-control': cachePolicy(request.originalUrl) },
      });
    });
  }
  app.useStaticAssets(assets, {
    prefix: '/assets',
    index: false,
    setHeaders: (response: FileResponse) =>
      response.setHeader('cache-control', cachePolicy(response.req.originalUrl)),
  });
}

/** A module that another one imports has no hash in its address and is asked for again each time. */
function cachePolicy(url: string): string {
  return /[?&]v=/.test(url) ? ONE_YEAR : 'no-cache';
}

interface FileRequest {
  originalUrl: string;
}

interface FileResponse {
  req: FileRequest;
  setHeader(name: string, value: string): unknown;
  sendFile(path: string, options: object): void;
}
