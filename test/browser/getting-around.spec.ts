import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, live, openForm, status, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { TaskPage } from '../support/task-page.js';
import { findTooWide } from '../support/widths.js';

describeInBrowser('getting around', () => {
  const browser = useBrowser();
  let roost: Roost;
  let failed: string;

  beforeAll(async () => {
    roost = await Roost.start();
    const api = new ApiClient(roost.url);
    const long = 'w'.repeat(300);
    const text = { text: long, operation: 'upper' };
    const tasks = await Promise.all([
      api.submit('process-text', text, { tags: ['a'.repeat(64), 'b'.repeat(64)] }),
      api.submit('process-text', { ...text, repeat: 2 }),
      api.submit('divide', { x: '9'.repeat(300), y: 0 }),
    ]);
    await Promise.all(tasks.map(({ id }) => api.inState(id, ['completed', 'failed'])));
    failed = tasks[2].id;
  });

  afterAll(() => roost?.stop());

  it('loads few files with a page, and asks for none of them again with the next', async () => {
    const page = await browser.visit(roost.url);
    const files = async () => {
      await live(page);
      return page.evaluate<{ name: string; bytes: number }[]>(`performance.getEntriesByType('resource')
        .map(({ name, transferSize }) => ({ name: new URL(name).pathname, bytes: transferSize }))
        .filter(({ name }) => name.startsWith('/assets/'))`);
    };
    const first = await files();
    expect(first.map(({ name }) => name)).toContain('/assets/main.js');
    expect(first.length).toBeLessThan(8);
    await page.goto('/tasks');
    const asked = (await files()).filter(({ bytes }) => bytes > 0);
    expect(asked).toEqual([]);
  });

  it('by keyboard: skip link, search, places, rows, the list of keys', async () => {
    const page = await browser.visit(roost.url);
    const focused = () => page.evaluate('document.activeElement.id');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('main');

    await page.keyboard.press('/');
    expect(await focused()).toBe('search');
    expect(await page.inputValue('#search')).toBe('');
    await page.keyboard.press('Escape');
    expect(await focused()).not.toBe('search');
    await page.keyboard.press('/');
    await page.keyboard.type('state:failed type:divide');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/tasks?q=state%3Afailed+type%3Adivide');
    expect(await page.locator('tbody tr').count()).toBe(1);

    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.waitForURL('**/tasks');
    const rows = await page
      .locator('main .row-link')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    const row = () => page.evaluate('document.activeElement.getAttribute("href")');
    for (const [key, at] of [
      ['j', 0],
      ['j', 1],
      ['j', 2],
      ['k', 1],
    ] as const) {
      await page.keyboard.press(key);
      expect([key, await row()]).toEqual([key, rows[at]]);
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(`**${rows[1]}`);

    await page.keyboard.press('?');
    await page.locator('#keys[open]').waitFor();
    expect(await page.innerText('#keys')).toContain('Open the row');
    // The keys themselves do nothing while it is open.
    await page.keyboard.press('j');
    await page.keyboard.press('Escape');
    await page.locator('#keys').waitFor({ state: 'hidden' });
    for (const [key, path] of [
      ['s', '/submit'],
      ['o', '/'],
      ['y', '/monitor/redis'],
      ['m', '/monitor'],
      ['q', '/monitor/queues'],
      ['w', '/monitor/workers'],
    ] as const) {
      await page.keyboard.press('g');
      await page.keyboard.press(key);
      await page.waitForURL(`${roost.url}${path}`);
    }
    await page.keyboard.press('c');
    await page.waitForURL('**/submit');
  });

  it('keys are letters while somebody writes, and a form is sent with them alone', async () => {
    const page = await browser.visit(`${roost.url}/submit?type=process-text`);
    await page.focus('#process-text-input-text');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('g t/j?');
    expect(await page.inputValue('#process-text-input-text')).toBe('g t/j?');
    expect(new URL(page.url()).pathname).toBe('/submit');
    for (let i = 0; i < 4; i++) await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Options');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await TaskPage.arrive(page);
  });

  it('the theme is that of the system until another is chosen, and is stored', async () => {
    const page = await browser.visit(roost.url, { colorScheme: 'dark' });
    const isDark = () => page.evaluate('getComputedStyle(document.body).color') as Promise<string>;
    const dark = await isDark();
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await isDark();
    expect(light).not.toBe(dark);
    const title = () => page.getAttribute('#theme', 'aria-label');
    expect(await title()).toBe('Theme: as the system');
    for (const [name, colour] of [
      ['light', light],
      ['dark', dark],
    ]) {
      await page.click('#theme');
      expect([await title(), await isDark()]).toEqual([`Theme: ${name}`, colour]);
      await page.goto('/tasks');
      expect([await title(), await isDark()]).toEqual([`Theme: ${name}`, colour]);
    }
    await page.click('#theme');
    await page.reload();
    expect([await title(), await isDark()]).toEqual(['Theme: as the system', light]);
  });

  it('on a phone the tab of the open page is in sight, without JavaScript too', async () => {
    for (const javaScriptEnabled of [true, false]) {
      const viewport = { width: 360, height: 740 };
      const page = await browser.visit(roost.url, { viewport, isMobile: true, javaScriptEnabled });
      for (const path of ['/', '/monitor/workers', '/monitor/redis']) {
        await page.goto(path);
        const tab = (await page.locator('.topbar nav [aria-current]').boundingBox())!;
        expect([path, tab.x >= 0, tab.x + tab.width <= viewport.width]).toEqual([path, true, true]);
      }
    }
  });

  it('on a phone no page is wider than the screen, whatever the fonts are', async () => {
    const page = await browser.visit(roost.url, {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
      allow: [status(422), status(404)],
    });
    const tooWide: string[] = [];
    const look = async (name: string) => {
      for (const found of await findTooWide(page, [390])) tooWide.push(`${name} at ${found}`);
    };
    for (const type of ['divide', 'process-text', 'count-primes']) {
      await page.goto(`/submit?type=${type}`);
      await page.click(`#options-${type} > summary`);
      await look(`form ${type}`);
    }
    await openForm(page, 'divide');
    await page.fill('#divide-input-x', 'x'.repeat(200));
    await page.click('#form-divide button[type=submit]');
    await page.locator('#form-divide .problems').waitFor();
    await look('wrong form');
    await page.goto('/tasks');
    const rows = await page
      .locator('main .row-link')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    const paths = [
      '/monitor',
      '/monitor/history',
      '/monitor/queues',
      '/monitor/workers',
      '/nothing-here',
      ...rows,
      `/submit?from=${failed}`,
    ];
    for (const path of ['/tasks', '/tasks?state=expired', ...paths]) {
      await page.goto(path!);
      await look(path!);
    }
    await page.goto(`/tasks/${failed}`);
    await page.click('#error-stack > summary');
    await page.click('#act-delete > summary');
    await look('opened folds');
    expect(tooWide).toEqual([]);
  });
});
