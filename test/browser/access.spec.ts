import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { hashPassword } from '../../src/access/password.js';
import { AuditPageController } from '../../src/web/audit-page.controller.js';
import { FrameService } from '../../src/web/frame.service.js';
import { findFlash } from '../../src/web/page-models/flash.js';
import { lastOf, type Params } from '../../src/web/params.js';
import { TokensPageController } from '../../src/web/tokens-page.controller.js';
import { AccessBench } from '../support/access-bench.js';
import { describeInBrowser, status, useBrowser } from '../support/browser.js';
import { RedisServer } from '../support/redis-server.js';

const PASSWORD = 'a password for all of them';
const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
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
      env: { ACCESS_USERS: `ada:admin:${hash},vera:viewer:${hash}` },
      controllers: [TokensPageController, AuditPageController],
      providers: [{ provide: FrameService, useValue: frame }],
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
  const findings = async (page: Page) => {
    await page.evaluate(AXE);
    const found = await page.evaluate(
      `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes[0].html))`,
    );
    return found as string[];
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
    expect(await findings(page)).toEqual([]);
    await page.getByLabel('Name').fill('ada');
    await page.getByLabel('Password').fill('not this one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByLabel('Name').inputValue()).toBe('ada');
    expect(await findings(page)).toEqual([]);
    await shoot(page, `login-${colorScheme}`);
    await signIn(page);
    await page.getByRole('heading', { name: 'API tokens' }).waitFor();

    await page.locator('#token-name').fill(HOSTILE.slice(0, 60));
    await page.getByLabel(/See tasks/).check();
    await page.getByRole('button', { name: 'Make the token' }).click();
    const token = await page.locator('#made-token').textContent();
    expect(token).toMatch(/^roost_/);
    expect(page.url()).toBe(`${bench.url}/access/tokens`);
    expect(await findings(page)).toEqual([]);
    await shoot(page, `tokens-${colorScheme}`);

    await page.goto(`${bench.url}/monitor/audit`);
    await page.getByRole('heading', { name: 'Audit' }).waitFor();
    expect(await page.locator('#audit tbody tr').count()).toBeGreaterThanOrEqual(3);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await findings(page)).toEqual([]);
    await shoot(page, `audit-${colorScheme}`);

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

  it('tells a viewer what they may not do', async () => {
    const page = await browser.visit(`${bench.url}/login?next=/monitor/audit`, { allow: [status(403)] });
    await signIn(page, 'vera');
    await page.getByText('needs the permission audit.read').waitFor();
    expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
  });
});
