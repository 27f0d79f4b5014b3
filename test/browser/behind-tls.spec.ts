import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { hashPassword } from '../../src/auth/password.js';
import { BrowserClient } from '../support/browser-client.js';
import { describeInBrowser, live, openForm, status, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { TaskPage } from '../support/task-page.js';
import { TlsProxy } from '../support/tls-proxy.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const PASSWORD = 'a password for all of them';

describeInBrowser('a Roost behind a proxy that ends TLS', () => {
  const browser = useBrowser();
  let proxy: TlsProxy;
  let roost: Roost;

  beforeAll(async () => {
    proxy = await TlsProxy.start();
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    roost = await Roost.start({
      env: {
        ACCESS_USERS: `ada:admin:${hash}`,
        PUBLIC_URL: proxy.url,
        TRUST_PROXY: '1',
        ...DEFAULT_QUEUE_ONLY,
      },
    });
    proxy.target = roost.url;
  });

  afterAll(async () => {
    await roost?.stop();
    await proxy?.stop();
  });

  const arrive = async (path: string): Promise<Page> => {
    const page = await browser.visit(proxy.url + path, { ignoreHTTPSErrors: true, allow: [status(401)] });
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('#me').waitFor();
    return page;
  };

  it('has a login that the browser takes for this very host over TLS alone, and that works', async () => {
    const page = await arrive('/submit?type=divide');
    const cookies = await page.context().cookies();
    expect(cookies.map(({ name }) => name)).toEqual(['__Host-roost-session']);
    expect(cookies[0]).toMatchObject({
      ...{ domain: 'localhost', path: '/', secure: true, httpOnly: true, sameSite: 'Lax', expires: -1 },
    });
    expect(await page.evaluate('document.cookie')).toBe('');
    // A write by form, and the events of its page, through the proxy.
    await openForm(page, 'divide');
    await page.fill('#divide-input-digits', '1');
    await page.click('#form-divide button[type=submit]');
    const task = await TaskPage.arrive(page);
    await task.inState('completed');
    expect(page.url()).toMatch(new RegExp(`^${proxy.url}/tasks/`));
    await page.goto('/monitor');
    await live(page);
  });

  it('is over when one signs out: neither the back button nor a copy of the cookie brings it back', async () => {
    const page = await arrive('/monitor/queues');
    const [cookie] = await page.context().cookies();
    await page.goto('/monitor/workers');
    await live(page);
    await page.locator('#me > summary').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await page.context().cookies()).not.toContainEqual(
      expect.objectContaining({ name: cookie!.name }),
    );
    for (let steps = 0; steps < 2; steps++) {
      await page.goBack();
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
      expect(await page.locator('#me, .fleet').count()).toBe(0);
    }
    const copy = new BrowserClient(roost.url);
    copy.cookies.set(cookie!.name, cookie!.value);
    expect((await copy.get('/monitor/workers')).status).toBe(401);
    expect((await copy.call('GET', '/api/v1/me')).status).toBe(401);
  });

  it('takes a cookie that was set without its mark for none', async () => {
    const page = await arrive('/monitor');
    const [cookie] = await page.context().cookies();
    const planted = new BrowserClient(roost.url);
    for (const name of ['roost-session', 'roost-session-0', 'session', '__host-roost-session'])
      planted.cookies.set(name, cookie!.value);
    expect((await planted.get('/monitor')).status).toBe(401);
  });
});
