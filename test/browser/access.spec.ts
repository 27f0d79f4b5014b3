import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { hashPassword } from '../../src/auth/password.js';
import { AuditPageController } from '../../src/web/audit/audit-page.controller.js';
import { PageShellService } from '../../src/web/kit/page-shell.service.js';
import { findFlash } from '../../src/web/kit/flash.js';
import { lastOf, type Params } from '../../src/web/kit/params.js';
import { SecondFactorPageController } from '../../src/web/second-factor/second-factor-page.controller.js';
import { SessionsPageController } from '../../src/web/sessions/sessions-page.controller.js';
import { TokensPageController } from '../../src/web/tokens/tokens-page.controller.js';
import { axeViolations } from '../support/axe-violations.js';
import { AccessBench } from '../support/access-bench.js';
import { Authenticator } from '../support/authenticator.js';
import { BrowserClient } from '../support/browser-client.js';
import { describeInBrowser, status, useBrowser } from '../support/browser.js';
import { RedisServer } from '../support/redis-server.js';

const PASSWORD = 'a password for all of them';
const HOSTILE = `</code><img src=x onerror=alert(1)>"'{{x}}`;

describeInBrowser('access in a browser', () => {
  const browser = useBrowser();
  let redis: RedisServer;
  let bench: AccessBench;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    const frame = {
      frame: async ({ title, section, query }: { title: string; section?: string; query?: Params }) => ({
        ...{ title, section, now: Date.now(), banners: [] },
        flash: findFlash(lastOf(query, 'flash')),
      }),
    };
    bench = await AccessBench.start({
      redisUrl: redis.url,
      env: {
        ACCESS_USERS: `ada:admin:${hash},vera:viewer:${hash},olga-light:operator:${hash},olga-dark:operator:${hash}`,
      },
      controllers: [
        SecondFactorPageController,
        SessionsPageController,
        TokensPageController,
        AuditPageController,
      ],
      providers: [{ provide: PageShellService, useValue: frame }],
    });
  });

  afterAll(async () => {
    await bench.stop();
    await redis.remove();
  });

  const signIn = async (page: Page, name = 'ada') => {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  const shoot = (page: Page, name: string) =>
    process.env.SHOTS
      ? page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true })
      : undefined;

  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)('asks who one is, and is right for everyone (%s, %i px)', async (colorScheme, width) => {
    const page = await browser.visit(`${bench.url}/access/tokens`, {
      allow: [status(401)],
      colorScheme,
      viewport: { width, height: 800 },
    });
    expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('Password').fill('not this one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('ada');
    expect(await axeViolations(page)).toEqual([]);
    await shoot(page, `login-${colorScheme}`);
    await signIn(page);
    await page.getByRole('heading', { name: 'API tokens' }).waitFor();

    await page.locator('#token-name').fill(HOSTILE.slice(0, 60));
    await page.getByLabel(/See tasks/).check();
    await page.getByRole('button', { name: 'Make the token' }).click();
    const token = await page.locator('#made-token').textContent();
    expect(token).toMatch(/^roost_/);
    expect(page.url()).toBe(`${bench.url}/access/tokens`);
    expect(await axeViolations(page)).toEqual([]);
    await shoot(page, `tokens-${colorScheme}`);

    await page.goto(`${bench.url}/monitor/audit`);
    await page.getByRole('heading', { name: 'Audit' }).waitFor();
    expect(await page.locator('#audit tbody tr').count()).toBeGreaterThanOrEqual(3);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await axeViolations(page)).toEqual([]);
    await shoot(page, `audit-${colorScheme}`);

    await page.goto(`${bench.url}/access/sessions`);
    await page.getByRole('heading', { name: 'Logins', exact: true }).waitFor();
    await page.getByText('this one').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await axeViolations(page)).toEqual([]);
    await shoot(page, `sessions-${colorScheme}`);

    await page.goto(`${bench.url}/access/tokens`);
    expect(await page.content()).not.toContain(token!);
    await page
      .getByRole('button', { name: /^Revoke/ })
      .first()
      .click();
    await page.locator('#toast').waitFor();
    await page.locator('#me > summary').click();
    await shoot(page, `me-${colorScheme}`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('works without JavaScript', async () => {
    const page = await browser.visit(`${bench.url}/access/tokens`, {
      allow: [status(401), status(422)],
      javaScriptEnabled: false,
    });
    await signIn(page);
    await page.locator('#token-name').fill('by hand');
    await page.getByRole('button', { name: 'Make the token' }).click();
    await page.getByText('must be a list of some of').waitFor();
    expect(await page.locator('#token-name').inputValue()).toBe('by hand');
    await page.getByLabel(/See tasks/).check();
    await page.getByRole('button', { name: 'Make the token' }).click();
    await page.locator('#made-token').waitFor();
    await page.goto(`${bench.url}/monitor/audit?permission=tokens.make&outcome=refused`);
    await page.getByText('422').first().waitFor();
  });

  it('ends the logins elsewhere, without JavaScript, and the one here last', async () => {
    const other = new BrowserClient(bench.url);
    await other.signIn('vera', PASSWORD);
    const page = await browser.visit(`${bench.url}/access/sessions`, {
      allow: [status(401)],
      javaScriptEnabled: false,
    });
    await signIn(page, 'vera');
    await page.getByRole('button', { name: 'Everywhere but here' }).click();
    await page.getByText('Logins ended:').waitFor();
    expect((await other.get('/access/sessions')).status).toBe(401);
    expect(await page.getByRole('button', { name: 'Everywhere but here' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Everywhere, here too' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)('sets up a second factor without JavaScript (%s, %i px)', async (colorScheme, width) => {
    const page = await browser.visit(`${bench.url}/access/second-factor`, {
      allow: [status(401), status(422)],
      ...{ colorScheme, viewport: { width, height: 800 }, javaScriptEnabled: false },
    });
    const name = `olga-${colorScheme}`;
    await signIn(page, name);
    await page.getByRole('heading', { name: 'Second factor', exact: true }).waitFor();
    const app = Authenticator.of(await page.content());
    await page.getByLabel('Code of the app').fill(app.code());
    await page.getByLabel('Your password').fill('not this one');
    await page.getByRole('button', { name: 'Set up' }).click();
    await page.getByText('The password is not right.').waitFor();
    // The same secret: what was scanned still counts.
    expect(Authenticator.of(await page.content()).secret).toBe(app.secret);
    await page.getByLabel('Code of the app').fill(app.code());
    await page.getByLabel('Your password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Set up' }).click();
    const [first] = await page.locator('.recovery-codes code').allTextContents();
    await shoot(page, `codes-${colorScheme}`);
    // The page belongs to the login that goes on.
    await page.locator('#me > summary').click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(`${bench.url}/access/second-factor`);
    await signIn(page, name);
    await page.getByLabel(/Code of your app/).fill(first!);
    await shoot(page, `second-step-${colorScheme}`);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('9 recovery codes left.').waitFor();
    await page.getByLabel('Code of the app').fill(app.code(1));
    await page.getByRole('button', { name: 'Turn it off' }).click();
    await page.getByText('The second factor is off').waitFor();
    await page.getByRole('heading', { name: 'Set it up' }).waitFor();
  });

  it('tells a viewer what they may not do', async () => {
    const page = await browser.visit(`${bench.url}/login?next=/monitor/audit`, { allow: [status(403)] });
    await signIn(page, 'vera');
    await page.getByText('needs the permission audit.read').waitFor();
    expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
  });
});
