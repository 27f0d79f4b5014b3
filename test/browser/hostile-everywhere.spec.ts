import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInBrowser, live, status, useBrowser } from '../support/browser.js';
import { FilledRoost, LONG_TYPE, type KnownIds, type SignedIn } from '../support/filled-roost.js';
import { expectSafe, HOSTILE, TAG } from '../support/hostile-text.js';
import { findTooWide, WIDTHS } from '../support/widths.js';

/** Statuses that may answer a hostile address. */
const REFUSALS = [400, 403, 404, 409, 410, 422].map(status);
/** Query parameters. A page ignores those it does not know. */
const NAMES = [
  'q',
  'state',
  'type',
  'queue',
  'from',
  'to',
  'sort',
  'cursor',
  'columns',
  'flash',
  'layout',
  'title',
  'id',
  'worker',
  'who',
  'by',
  'range',
  'action',
  'command',
  'error',
  'next',
];
/** Nowhere to break it. */
const LONG = 'W'.repeat(400);
const LONG_USER = 'u'.repeat(64);
const FOREIGN = TAG.replaceAll(':', '');

describeInBrowser('hostile text in every field', () => {
  const browser = useBrowser();
  let roost: FilledRoost;
  let ada: SignedIn;
  let known: KnownIds;
  let long: KnownIds;

  beforeAll(async () => {
    roost = await FilledRoost.start(['ada', LONG_USER]);
    ada = await roost.signIn('ada', HOSTILE.replaceAll(/[^\x20-\x7e]/g, ''));
    known = await roost.fill(ada, { text: HOSTILE, tag: TAG, reason: TAG, name: TAG, id: 'hostile' });
    long = await roost.fill(await roost.signIn(LONG_USER, LONG), {
      text: LONG,
      tag: LONG.slice(0, 60),
      reason: LONG,
      name: LONG,
      id: 'long',
    });
  });

  afterAll(() => roost?.stop());

  /** A signed-in window; what it complains of fails the test. */
  const window = (): Promise<Page> =>
    browser.visit(`${roost.url}/`, { allow: REFUSALS, storageState: ada.client.storageState() });
  const pages = () => roost.pages(known);

  it('stays text on every page the router has', async () => {
    expect(pages().length).toBeGreaterThan(20);
    const page = await window();
    let seen = 0;
    for (const path of [
      ...pages(),
      '/tasks?columns=type,input,result,error,tags,queue,worker',
      '/monitor/errors?state=all',
      '/monitor/audit?q=img',
      `/tasks/foreign-hostile?queue=${encodeURIComponent(`bull:${FOREIGN}`)}`,
      `/monitor/queues/${encodeURIComponent(`bull:${FOREIGN}`)}`,
      `/tasks?queue=${encodeURIComponent(`bull:${FOREIGN}`)}`,
    ]) {
      await page.goto(path);
      await expectSafe(page);
      if ((await page.textContent('body'))?.includes('<img src=x onerror=alert(5)>')) seen++;
    }
    // It is there to be seen, and not only left out.
    expect(seen).toBeGreaterThan(12);
  });

  it('stays text in the query of every page', async () => {
    const page = await window();
    const query = NAMES.map((name) => `${name}=${encodeURIComponent(TAG)}`).join('&');
    for (const path of pages()) {
      await page.goto(`${path}?${query}`);
      await expectSafe(page);
    }
  });

  it('makes no page wider than the screen, however long it is and whatever the fonts are', async () => {
    const { client } = await roost.signIn(LONG_USER, 'a browser');
    const page = await browser.visit(`${roost.url}/`, {
      allow: REFUSALS,
      storageState: client.storageState(),
    });
    const tooWide: string[] = [];
    const look = async (what: string) => {
      for (const found of await findTooWide(page, WIDTHS)) tooWide.push(`${what.slice(0, 60)} at ${found}`);
    };
    const foreign = encodeURIComponent(`bull:${LONG}`);
    for (const path of [
      ...roost.pages(long),
      '/tasks?columns=type,input,result,error,tags,queue,worker',
      `/tasks?q=${LONG}`,
      `/tasks?queue=${foreign}`,
      `/tasks?q=${LONG}:(`,
      `/tasks/foreign-long?queue=${foreign}`,
      `/submit?from=${long.tasks![1]}`,
      `/monitor/queues/${foreign}`,
      `/monitor/workers?q=${LONG}`,
      `/monitor/errors?q=${LONG}&state=all`,
      `/monitor/audit?q=${LONG}&who=${LONG}`,
      `/tasks/bulk?action=delete`,
      `/${LONG}`,
    ]) {
      await page.goto(path);
      await look(path);
    }
    await page.goto(`/submit?type=${LONG_TYPE}`);
    await page.fill(`#${LONG_TYPE}-input-words`, LONG.repeat(26));
    await page.click(`#form-${LONG_TYPE} button[type=submit]`);
    await page.locator('.problems').waitFor();
    await look('a refused form');
    await page.goto('/access/tokens');
    await page.fill('#token-name', LONG.slice(0, 64));
    await page.getByRole('button', { name: 'Make the token' }).click();
    await page.locator('.problems').waitFor();
    await look('a refused token');
    expect(tooWide).toEqual([]);
  });

  it('stays text in every part of an address', async () => {
    const page = await window();
    for (const route of roost.routes.filter((one) => one.includes('{'))) {
      for (const text of [TAG, `javascript:alert(6)//`, `..%2f${TAG}`]) {
        await page.goto(route.replace(/\{\w+\}/g, encodeURIComponent(text)));
        await expectSafe(page);
      }
    }
  });

  it('stays text where it comes while one looks', async () => {
    const page = await window();
    const id = known.tasks![3]!;
    await page.goto(`/tasks/${id}`);
    await live(page);
    await roost.call(ada, 'POST', `/api/v1/tasks/${id}/promote`);
    await page.locator('#task-state .word', { hasText: /^completed$/ }).waitFor();
    await page.locator('#log .line').first().waitFor();
    await expectSafe(page);
    expect(await page.textContent('#progress-message')).toBe(HOSTILE.slice(0, 200));
  });

  it('stays data in what is exported as a file', async () => {
    for (const [format, type] of [
      ['csv', 'text/csv'],
      ['ndjson', 'application/x-ndjson'],
    ] as const) {
      for (const what of ['tasks', 'audit']) {
        const { headers, text } = await ada.client.get(`/api/v1/${what}/export?format=${format}`);
        expect(headers.get('content-type')).toContain(type);
        expect(headers.get('content-disposition')).toMatch(/^attachment; filename="?[\w.-]+"?$/);
        expect(headers.get('x-content-type-options')).toBe('nosniff');
        expect(text).toContain('img src=x onerror');
        if (format === 'ndjson') for (const line of text.trim().split('\n')) JSON.parse(line);
        else expect(text).not.toMatch(/(^|,|\r\n)[=+@\t]/);
      }
    }
  });
});
