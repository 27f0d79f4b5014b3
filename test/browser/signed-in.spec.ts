import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Page } from 'playwright-core';
import { hashPassword } from '../../src/auth/password.js';
import { RecordSeal } from '../../src/auth/record-seal.js';
import { loadSettings } from '../../src/platform/config/load-settings.js';
import { commandConnection } from '../../src/bullmq/connection/redis-connections.js';
import { axeViolations } from '../support/axe-violations.js';
import { describeInBrowser, live, openForm, status, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { editRecord } from '../support/sealed-records.js';
import { TaskPage } from '../support/task-page.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const PASSWORD = 'a password for all of them';
const SECRET = 'a-secret-that-seals-the-logins-of-this-test';

describeInBrowser('a Roost with users', () => {
  const browser = useBrowser();
  let roost: Roost;

  beforeAll(async () => {
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    roost = await Roost.start({
      env: {
        ACCESS_USERS: `ada:admin:${hash},olga:operator:${hash},vera:viewer:${hash}`,
        ACCESS_SECRET: SECRET,
        REDACT: '*.text',
        ...DEFAULT_QUEUE_ONLY,
      },
    });
  });

  afterAll(() => roost?.stop());

  const signIn = async (page: Page, name: string) => {
    await page.getByLabel('Name').fill(name);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('#me').waitFor();
  };

  it.each([true, false])(
    'takes what people send, and lets them take it back (JavaScript: %s)',
    async (javaScriptEnabled) => {
      const page = await browser.visit(`${roost.url}/submit?type=divide`, {
        javaScriptEnabled,
        allow: [status(401)],
      });
      await signIn(page, 'olga');
      await openForm(page, 'divide');
      await page.fill('#divide-input-digits', '1');
      await page.click('#options-divide > summary');
      await page.fill('#divide-options-delay', '10');
      await page.selectOption('#form-divide [name="options.delayUnit"]', 'm');
      await page.click('#form-divide button[type=submit]');
      const task = await TaskPage.arrive(page);
      await task.inState('delayed');
      await page.click('#act-cancel > summary');
      await page.fill('#cancel-reason', 'changed my mind');
      await page.click('#act-cancel button');
      await task.inState('cancelled');
      expect(await task.read('note')).toMatch(/changed my mind[^]*by olga/);

      await page.click('#act-delete > summary');
      await page.click('#act-delete button');
      await page.getByRole('button', { name: 'Undo' }).click();
      await page.locator('#bulk-now', { hasText: 'undone' }).waitFor();
      expect(await page.locator('#bulk-now').innerText()).toContain('by olga');

      await page.goto(`/tasks?q=id:${task.id}`);
      if (!javaScriptEnabled) await page.goto(`/tasks?q=state:cancelled`);
      await page.goto('/monitor/queues/cpu');
      await page.click('#act-pause > summary');
      await page.fill('#act-pause [name=reason]', 'to see it');
      await page.click('#act-pause button');
      await page.locator('#paused-note', { hasText: 'olga' }).waitFor();
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.locator('#act-pause').waitFor();
    },
  );

  it('lets the login of a page that is left open end, though the page keeps itself fresh', async () => {
    const page = await browser.visit(`${roost.url}/monitor`, { allow: [status(401)] });
    await signIn(page, 'vera');
    const log = pino({ level: 'silent' });
    const settings = loadSettings({ REDIS_URL: roost.redis.url, ACCESS_SECRET: SECRET });
    const redis = commandConnection(settings, 'test', log);
    const seal = new RecordSeal(settings, log);
    try {
      const key = await until('her session', async () => {
        for (const one of await redis.keys('*:access:session:*'))
          if ((await redis.get(one))?.includes('"vera"')) return one;
        return undefined;
      });
      const hour = 3_600_000;
      const leave = (forMs: number, restMs: number) =>
        editRecord(redis, seal, key, { seenAt: Date.now() - forMs }, restMs);
      let refetched = 0;
      page.on('response', async (response) => {
        if ((await response.request().allHeaders())['x-roost-refetch'] && response.status() === 200)
          refetched++;
      });
      // Somebody who does something stays in.
      await leave(7 * hour, hour);
      await page.goto(`${roost.url}/monitor/queues`);
      await until('the use is known', async () => (await redis.pttl(key)) > 7 * hour);
      await page.goto(`${roost.url}/monitor`);
      await live(page);
      await leave(7 * hour, hour);
      const before = refetched;
      await until('it has looked twice', () => refetched >= before + 2);
      expect(await redis.pttl(key)).toBeLessThanOrEqual(hour);
      await leave(8 * hour - 1_000, 1_000);
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
      expect(page.url()).toBe(`${roost.url}/monitor`);
    } finally {
      redis.disconnect();
    }
  });

  it('asks before a command for several workers, without the token in the address', async () => {
    const page = await browser.visit(`${roost.url}/monitor/workers`, { allow: [status(401)] });
    await signIn(page, 'olga');
    await page.locator('.fleet tbody input[type=checkbox]').first().check();
    await page.getByRole('button', { name: 'Pause…' }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
    expect(page.url()).toBe(`${roost.url}/monitor/workers/confirm`);
    await page.locator('.confirm-foot button').click();
    await page.locator('.presence.paused').first().waitFor();
    await page.locator('.fleet tbody input[type=checkbox]').first().check();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.locator('.presence.online').first().waitFor();
  });

  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)(
    'shows a viewer what there is, whole and right for everyone (%s, %i px)',
    async (colorScheme, width) => {
      const page = await browser.visit(roost.url, {
        colorScheme,
        viewport: { width, height: 800 },
        allow: [status(401)],
      });
      await signIn(page, 'vera');
      const found: string[] = [];
      for (const path of [
        '/',
        '/submit',
        '/tasks',
        '/tasks/bulk',
        '/monitor',
        '/monitor/queues/cpu',
        '/monitor/workers',
        '/monitor/limits',
      ]) {
        await page.goto(path);
        for (const finding of await axeViolations(page)) found.push(`${path}: ${finding}`);
        if (!(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')))
          found.push(`${path}: too wide`);
        expect([
          path,
          await page
            .locator('main button:visible:not(.needs-js, [data-copy], .narrow button)')
            .allInnerTexts(),
        ]).toEqual([
          path,
          expect.not.arrayContaining([
            expect.stringMatching(/Submit task|Cancel|Retry|Pause|Delete|Change|Stop|Set/),
          ]),
        ]);
      }
      expect(found).toEqual([]);
    },
  );

  it('hides what a rule hides until an admin asks for it', async () => {
    const page = await browser.visit(`${roost.url}/submit?type=process-text`, { allow: [status(401)] });
    await signIn(page, 'ada');
    await openForm(page, 'process-text');
    await page.fill('#process-text-input-text', 'a canary in the text');
    await page.click('#form-process-text button[type=submit]');
    const task = await TaskPage.arrive(page);
    await page.locator('#hidden-note').waitFor();
    expect(await page.locator('#input').innerText()).toContain('[hidden]');
    expect(await page.content()).not.toContain('a canary in the text');
    expect(await axeViolations(page)).toEqual([]);
    await page.click('#reveal');
    await page.locator('#input', { hasText: 'a canary in the text' }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('link', { name: 'Hide them' }).click();
    await page.locator('#input', { hasText: '[hidden]' }).waitFor();
    await page.goto(`/monitor/audit?permission=secrets.reveal&target=${task.id}`);
    expect(await page.locator('#audit tbody tr').count()).toBe(1);
  });

  it('lets one try the API with what the login may do', async () => {
    const page = await browser.visit(`${roost.url}/login?next=/api/docs`, { allow: [status(401)] });
    await page.getByLabel('Name').fill('olga');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const call = page.locator('#operations-Submit-submitTask');
    // The whole document is drawn first.
    await call.waitFor({ timeout: 45_000 });
    await call.locator('.opblock-summary-control').click();
    const answered = page.waitForResponse(
      (answer) => answer.url().endsWith('/api/v1/tasks') && answer.request().method() === 'POST',
    );
    await call.getByRole('button', { name: 'Execute' }).click();
    expect((await answered).status()).toBe(202);
  });

  it('shows the door where a login has ended, in every window', async () => {
    const page = await browser.visit(`${roost.url}/tasks`, { allow: [status(401)] });
    await signIn(page, 'vera');
    await live(page);
    const other = await page.context().newPage();
    await other.goto('/monitor');
    await other.locator('#me > summary').click();
    await other.getByRole('button', { name: 'Sign out' }).click();
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/tasks');
  });

  it('keeps what was typed where a login has ended, without JavaScript too, and sends it by a click alone', async () => {
    const page = await browser.visit(`${roost.url}/submit?type=divide`, {
      javaScriptEnabled: false,
      allow: [status(401)],
    });
    await signIn(page, 'olga');
    await page.goto('/submit?type=divide');
    await page.fill('#divide-input-x', '4242');
    await page.fill('#divide-input-y', '2');
    await page.context().clearCookies();
    await page.click('#form-divide button[type=submit]');
    await page.getByText('Your input is saved').waitFor();
    await page.getByLabel('Name').fill('olga');
    await page.getByLabel('Password').fill('not this one');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Not sent yet').waitFor();
    expect(await page.inputValue('#divide-input-x')).toBe('4242');
    const other = await page.context().newPage();
    await other.goto('/tasks?q=4242');
    expect(await other.locator('#list .empty').count()).toBe(1);
    await page.click('#form-divide button[type=submit]');
    await TaskPage.arrive(page);
    // Without JavaScript a page shows what there was when it was asked for.
    await until('the task is completed', async () => {
      await page.reload();
      return (await page.locator('#task-state .word').textContent()) === 'completed';
    });
    expect(await page.locator('#input').textContent()).toContain('4242');
  });

  it('shows on the page itself that the login has ended, and goes on with what was typed on it', async () => {
    const page = await browser.visit(`${roost.url}/submit?type=divide`, { allow: [status(401)] });
    await signIn(page, 'olga');
    await live(page);
    await openForm(page, 'divide');
    await page.fill('#divide-input-x', '777');
    await page.context().clearCookies();
    await page.getByText('You are signed out.').waitFor();
    const [other] = await Promise.all([
      page.context().waitForEvent('page'),
      page.getByRole('link', { name: 'Sign in in another tab' }).click(),
    ]);
    await signIn(other, 'olga');
    await page.getByText('You are signed out.').waitFor({ state: 'hidden' });
    await page.click('#form-divide button[type=submit]');
    await TaskPage.arrive(page);
    expect(await page.locator('#input').textContent()).toContain('777');
  });
});
