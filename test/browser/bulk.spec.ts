import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import type { Page } from 'playwright-core';
import type { HistoryStore } from '../../src/history/ports/history-store.js';
import { axeViolations, COLOUR_RULES } from '../support/axe-violations.js';
import { describeInBrowser, status, useBrowser } from '../support/browser.js';
import { openHistory } from '../support/history-file.js';
import { addFailedTasks } from '../support/many-failed.js';
import { Roost } from '../support/roost.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

describeInBrowser('acting on many tasks', () => {
  const browser = useBrowser();
  let roost: Roost;
  let redis: Redis;
  let history: HistoryStore;

  beforeAll(async () => {
    roost = await Roost.start({ env: DEFAULT_QUEUE_ONLY });
    redis = new Redis(roost.redis.url);
    history = await openHistory(roost.env.HISTORY_URL!.slice('file:'.length));
  });

  afterAll(async () => {
    await history?.close();
    redis?.disconnect();
    await roost?.stop();
  });

  const seed = (count: number, type: string) => addFailedTasks(redis, history, count, { type });
  const say = (page: Page) => page.locator('#bulk-now');

  it('asks with count, states and sample, does it, and shows how it ended', async () => {
    await seed(60, 'asked');
    const page = await browser.visit(`${roost.url}/tasks?q=type:asked`);
    await page.locator('.bulk-bar button[value=retry]').click();
    await page.locator('h1', { hasText: 'Retry 60 tasks?' }).waitFor();
    expect(await page.locator('.bulk-hits li').first().innerText()).toMatch(/failed\s*60\s*can be retried/);
    expect(await page.locator('.bulk-sample li').count()).toBe(10);
    await page.fill('#bulk-reason', 'the mail server is back');
    await page.locator('.confirm-foot button').click();
    await say(page).locator('.state', { hasText: 'completed' }).waitFor();
    expect(await say(page).innerText()).toMatch(/60\s*retried/);
    expect(await say(page).innerText()).toContain('the mail server is back');
  });

  it('leaves alone what came in after it was asked', async () => {
    await seed(2, 'bounded');
    const page = await browser.visit(`${roost.url}/tasks/bulk?action=retry&q=type:bounded`);
    await page.locator('h1', { hasText: 'Retry 2 tasks?' }).waitFor();
    await addFailedTasks(redis, history, 1, { type: 'bounded', createdAt: Date.now() + 1 });
    await page.locator('.confirm-foot button').click();
    await say(page).locator('.state', { hasText: 'completed' }).waitFor();
    expect(await say(page).innerText()).toMatch(/2\s*retried/);
  });

  it('acts on the ticked ones alone', async () => {
    await seed(5, 'ticked');
    const page = await browser.visit(`${roost.url}/tasks?q=type:ticked`);
    for (const i of [0, 1]) await page.locator('td.c-tick input').nth(i).check();
    await page.locator('.bulk-bar', { hasText: '2 tasks ticked' }).waitFor();
    await page.locator('.bulk-bar button[value=delete]').click();
    await page.locator('h1', { hasText: 'Delete 2 tasks?' }).waitFor();
  });

  it('takes back a delete within its ten seconds', async () => {
    const ids = await seed(3, 'taken-back');
    const page = await browser.visit(`${roost.url}/tasks/bulk?action=delete&q=type:taken-back`);
    await page.locator('.confirm-foot button').click();
    await say(page).locator('text=until then it can be undone').waitFor();
    await say(page).locator('button', { hasText: 'Undo' }).click();
    await say(page).locator('text=nothing was touched').waitFor();
    expect(await redis.exists(...ids.map((id) => `roost:default:${id}`))).toBe(3);
  });

  it('wants the number typed before it deletes more than a thousand', async () => {
    await seed(1100, 'many');
    const page = await browser.visit(`${roost.url}/tasks/bulk?action=delete&q=type:many`, {
      allow: [status(422)],
    });
    await page.fill('#bulk-number', '110');
    await page.locator('.confirm-foot button').click();
    await page.locator('#trouble-bulk', { hasText: 'must be the number of tasks' }).waitFor();
    await page.fill('#bulk-number', '1,100');
    await page.locator('.confirm-foot button').click();
    await say(page).locator('button', { hasText: 'Undo' }).click();
    await say(page).locator('text=nothing was touched').waitFor();
  });

  it('works without JavaScript', async () => {
    await seed(4, 'plain');
    const page = await browser.visit(`${roost.url}/tasks?q=type:plain`, { javaScriptEnabled: false });
    await page.locator('.bulk-bar button[value=retry]').click();
    await page.locator('.confirm-foot button').click();
    expect(page.url()).toMatch(/\/tasks\/bulk\/b\w+$/);
    await page.goto(`${roost.url}/tasks/bulk`);
    expect(await page.locator('tbody tr').first().innerText()).toContain('Retry 4 tasks');
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has nothing for axe to object to in ${colorScheme}, and fits a phone`, async () => {
      await seed(2, 'looked-at');
      const page = await browser.visit(`${roost.url}/tasks/bulk?action=delete&q=type:looked-at`, {
        colorScheme,
        viewport: { width: 390, height: 800 },
      });
      const rules = colorScheme === 'dark' ? COLOUR_RULES : undefined;
      const found: string[] = [];
      const look = async (name: string) => {
        const violations = await axeViolations(page, rules);
        found.push(...violations.map((violation) => `${name}: ${violation}`));
        const wide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
        if (wide) found.push(`${name}: wider than a phone`);
      };
      await look('confirm');
      await page.locator('.confirm-foot button').click();
      await say(page).locator('button', { hasText: 'Undo' }).waitFor();
      await look('pending');
      await say(page).locator('button', { hasText: 'Undo' }).click();
      await say(page).locator('text=nothing was touched').waitFor();
      await look('undone');
      await page.goto('/tasks/bulk');
      await look('list');
      expect(found).toEqual([]);
    });
  }
});
