import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { AuditPage } from '../../src/audit/audit.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, status, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

/** Without users, as it is tried out: whatever reaches it from this machine may do everything. */
describeInBrowser('a page of another site', () => {
  const browser = useBrowser();
  let roost: Roost;
  let api: ApiClient;
  let evil: Server;
  let site: string;

  beforeAll(async () => {
    roost = await Roost.start({ worker: false, env: { LOG_LEVEL: 'info' } });
    api = new ApiClient(roost.url);
    evil = createServer((_req, res) => res.setHeader('content-type', 'text/html').end(page(roost.url)));
    evil.listen(0, '127.0.0.1');
    await once(evil, 'listening');
    // Another name of the same machine is another site to a browser.
    site = `http://localhost:${(evil.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    evil?.closeAllConnections();
    evil?.close();
    await roost?.stop();
  });

  it('makes the browser of somebody who may do everything do and fetch nothing, but follow a link', async () => {
    const principal = await browser.visit(`${roost.url}/monitor/limits`, {
      allow: [status(403), /asked another site/, /blocked|CORS|Refused|Failed to load|ERR_/i],
    });
    await principal.goto(site);
    await principal.locator('#done').waitFor();
    // Not all of it is told to who watches the browser: the log of the web app has it.
    const asked = () =>
      readFileSync(join(roost.logDir, 'web.log'), 'utf8')
        .split('\n')
        .filter((line) => / \/api\/v1\/tasks(\/export)?"/.test(line))
        .map((line) => JSON.parse(line) as { status: number; msg: string })
        .map(({ status: answer, msg }) => `${msg} ${answer}`);
    await until('all that it asks for is answered', () => asked().length >= 5);
    expect(asked().sort()).toEqual([
      ...Array<string>(4).fill('GET /api/v1/tasks/export 403'),
      'POST /api/v1/tasks 403',
    ]);
    const { items } = await api.get<AuditPage>('/api/v1/audit?limit=100');
    expect(items.map(({ method, code, via }) => [method, code, via])).toEqual([
      ['POST', 'CROSS_SITE', 'nobody'],
    ]);
    await principal.getByRole('link').click();
    await principal.getByRole('heading', { name: 'Audit' }).waitFor();
  });
});

function page(url: string): string {
  const at = (as: string) => `${url}/api/v1/tasks/export?format=csv&as=${as}`;
  return `<!doctype html><a href="${url}/monitor/audit">a link</a>
<img src="${at('image')}"><iframe src="${at('frame')}"></iframe><script src="${at('script')}"></script>
<script>
const body = JSON.stringify({ type: 'divide', input: { x: 1, y: 2 } });
Promise.allSettled([
  fetch('${at('call')}', { mode: 'no-cors', credentials: 'include' }),
  fetch('${url}/api/v1/tasks', { method: 'POST', mode: 'no-cors', body }),
]).then(() => document.body.insertAdjacentHTML('beforeend', '<p id="done">done</p>'));
</script>`;
}
