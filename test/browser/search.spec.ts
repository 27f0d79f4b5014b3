import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, live, status, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const LATER = { delayMs: 3_600_000 };

describeInBrowser('searching', () => {
  const browser = useBrowser();
  let roost: Roost;
  let api: ApiClient;
  let failed: string;

  beforeAll(async () => {
    roost = await Roost.start({ env: DEFAULT_QUEUE_ONLY });
    api = new ApiClient(roost.url);
    failed = (await api.submit('divide', { x: 1, y: 0 }, { tags: ['vip customers'] })).id;
    const { id } = await api.submit('process-text', { text: 'Ada writes notes', operation: 'upper' });
    await api.submit('divide', { x: 42, y: 2 }, LATER);
    await Promise.all([api.inState(failed, ['failed']), api.inState(id, ['completed'])]);
  });

  afterAll(() => roost?.stop());

  const suggestions = (page: Page) => page.locator('#search-suggestions [role=option] .what').allInnerTexts();

  async function suggested(page: Page, text: string): Promise<void> {
    await page.locator('#search-suggestions .what', { hasText: text }).first().waitFor();
  }

  it('suggests by keyboard, from the box of any page', async () => {
    const page = await browser.visit(`${roost.url}/monitor/workers`);
    const box = page.locator('#search');
    await page.keyboard.press('/');
    await page.keyboard.type('st');
    await suggested(page, 'state:');
    expect(await box.getAttribute('aria-expanded')).toBe('true');
    expect(await box.getAttribute('aria-activedescendant')).toBeNull();
    await page.keyboard.press('ArrowDown');
    const active = await box.getAttribute('aria-activedescendant');
    expect(await page.locator(`#${active}`).getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('Enter');
    expect(await box.inputValue()).toBe('state:');
    // The part after a field is suggested without a request for it.
    await suggested(page, 'state:failed');
    await page.keyboard.type('fa');
    await until('the others are gone', async () => (await suggestions(page)).length === 1);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await box.inputValue()).toBe('state:failed ');
    await page.keyboard.type('tag:v');
    await suggested(page, 'tag:"vip customers"');
    // Escape closes the list before it leaves the box.
    await page.keyboard.press('Escape');
    expect(await box.getAttribute('aria-expanded')).toBe('false');
    expect(await page.evaluate('document.activeElement.id')).toBe('search');
    await page.keyboard.press('ArrowDown');
    await suggested(page, 'tag:"vip customers"');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('q')?.trim() === 'state:failed tag:"vip customers"');
    expect(await page.locator('tbody tr').evaluateAll((rows) => rows.map(({ id }) => id))).toEqual([
      `row-${failed}`,
    ]);
  });

  it('suggests by mouse, and puts it where the cursor stands', async () => {
    const page = await browser.visit(`${roost.url}/tasks?q=${encodeURIComponent('ty -state:failed')}`);
    await page.focus('#search');
    await page.evaluate(`document.getElementById('search').setSelectionRange(2, 2)`);
    await page.keyboard.press('ArrowDown');
    await suggested(page, 'type:');
    await page.click('#search-suggestions [role=option]');
    await suggested(page, 'type:process-text');
    expect(await suggestions(page)).toEqual(['type:divide', 'type:process-text']);
    await page.click('#search-suggestions [role=option] >> nth=1');
    expect(await page.inputValue('#search')).toBe('type:process-text -state:failed');
    expect(await page.evaluate('document.activeElement.id')).toBe('search');
    await page.keyboard.press('Enter');
    await page.waitForURL(/q=type%3Aprocess-text\+-state%3Afailed/);
    expect(await page.locator('tbody tr').count()).toBe(1);
  });

  it('an id leads to its task, from any page', async () => {
    const page = await browser.visit(roost.url);
    await page.fill('#search', ` #${failed} `);
    await page.press('#search', 'Enter');
    await page.waitForURL(`**/tasks/${failed}`);
  });

  it('points at what is wrong, and keeps what was typed', async () => {
    const page = await browser.visit(`${roost.url}/tasks`, { allow: [status(400)] });
    await page.fill('#search', 'type:divide state:faild');
    await page.press('#search', 'Enter');
    await page.locator('#problem').waitFor();
    expect(await page.innerText('#problem')).toMatch(/column 13[^]*state:faild[^]*Did you mean failed\?/);
    expect(await page.innerText('#problem mark')).toBe('state:faild');
    expect(await page.inputValue('#search')).toBe('type:divide state:faild');
    expect(await page.getAttribute('#search', 'aria-describedby')).toBe('problem');
  });

  it('sorts by its headers and shows the columns chosen, which this browser keeps', async () => {
    const page = await browser.visit(`${roost.url}/tasks`);
    const head = (name: string) => page.locator('thead th', { hasText: name });
    expect(await head('Created').getAttribute('aria-sort')).toBe('descending');
    await page.click('thead >> text=Ran');
    await page.waitForURL(/sort%3A-run/);
    expect(await head('Ran').getAttribute('aria-sort')).toBe('descending');
    await page.click('thead >> text=Ran');
    await page.waitForURL(/sort%3Arun/);
    expect(await head('Ran').getAttribute('aria-sort')).toBe('ascending');
    await page.click('#columns > summary');
    await page.check('#columns [value=tags]');
    await page.uncheck('#columns [value=worker]');
    await page.click('#columns .primary');
    await page.waitForURL(/columns=/);
    const heads = () => page.locator('thead th').allInnerTexts();
    expect(await heads()).toContain('Tags');
    expect(await heads()).not.toContain('Worker');
    await page.goto('/tasks');
    expect(await heads()).toContain('Tags');
    await page.click('#columns > summary');
    await page.click('#columns >> text=The usual ones');
    await page.waitForURL('**/tasks');
    expect(await heads()).not.toContain('Tags');
  });

  it.each([
    ['by keyboard', { javaScriptEnabled: true }],
    ['without JavaScript', { javaScriptEnabled: false }],
    ['on a phone', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }],
  ])('moves columns %s, keeps their order, and goes back to the usual one', async (how, options) => {
    const page = await browser.visit(`${roost.url}/tasks`, options);
    const heads = async () =>
      (await page.locator('thead th .sort, thead th:not(:has(.sort))').allTextContents())
        .map((text) => text.trim())
        .filter((text) => !['', 'Tick', 'Actions'].includes(text));
    const usual = ['State', 'Type', 'Id', 'Input', 'Queue', 'Worker', 'Attempts', 'Waited', 'Ran', 'Created'];
    expect(await heads()).toEqual(usual);
    const button = (label: string) => page.locator(`#columns [aria-label="${label}"]`);
    await page.locator('#columns > summary').click();
    // A tick that is not shown yet goes along.
    await page.check('#columns [value=result]');
    for (const place of [5, 4]) {
      if (how === 'by keyboard') {
        if (place === 5) await button('Move Queue to the left').focus();
        await page.keyboard.press('Enter');
      } else await button('Move Queue to the left').click();
      await page.waitForURL(/move=queue/);
      await page.locator(`thead th.c-queue:nth-child(${place + 1})`).waitFor({ state: 'attached' });
      expect(await page.locator('#columns').getAttribute('open')).not.toBeNull();
      if (how === 'by keyboard')
        expect(await page.evaluate('document.activeElement.value')).toBe('queue:left');
    }
    const moved = [
      'State',
      'Type',
      'Id',
      'Queue',
      'Input',
      'Result',
      'Worker',
      'Attempts',
      'Waited',
      'Ran',
      'Created',
    ];
    expect(await heads()).toEqual(moved);
    await page.goto(`${roost.url}/tasks?q=type:divide`);
    expect(await heads()).toEqual(moved);
    expect(await page.locator('tbody tr').first().locator('td').nth(4).textContent()).toBe('default');
    await page.locator('#columns > summary').click();
    expect(await button('Move State to the left').isVisible()).toBe(false);
    await page.locator('#columns >> text=The usual ones').click();
    await page.waitForURL((url) => !url.searchParams.has('columns'));
    expect(await heads()).toEqual(usual);
  });

  it('holds still while rows are ticked, shows how many are new, and lets go with the last tick', async () => {
    const page = await browser.visit(`${roost.url}/tasks?q=type:divide`);
    await live(page);
    await page.locator('.row-link').first().focus();
    await page.keyboard.press('x');
    expect(await page.locator('tbody input:checked').count()).toBe(1);
    await page.evaluate('document.activeElement.blur()');
    const { id } = await api.submit('divide', { x: 3, y: 3 }, LATER);
    await page.locator('#list > .newer', { hasText: '1 new' }).waitFor();
    expect(await page.locator(`#row-${id}`).count()).toBe(0);
    await page.locator('tbody input:checked').uncheck();
    await page.evaluate('document.activeElement.blur()');
    await page.mouse.move(0, 0);
    await page.locator(`#row-${id}`).waitFor();
    await page.check('#tick-all');
    expect(await page.locator('tbody input[name=id]:not(:checked)').count()).toBe(0);
  });

  it('saves a search, offers it, and lets it go', async () => {
    const page = await browser.visit(`${roost.url}/tasks?q=state:failed`);
    await page.click('#save-search > summary');
    await page.fill('#search-name', 'Failed ones');
    await page.click('#save-search button');
    await page.locator('#toast', { hasText: 'Search saved.' }).waitFor();
    await page.goto('/tasks');
    await page.click('.saved >> text=Failed ones');
    await page.waitForURL('**/tasks?q=state%3Afailed');
    expect(await page.getAttribute('.saved a', 'aria-current')).toBe('true');
    await page.getByRole('button', { name: 'Delete the saved search Failed ones' }).click();
    await page.locator('#toast', { hasText: 'The saved search is gone' }).waitFor();
    expect(await page.locator('.saved').count()).toBe(0);
  });

  it('works without JavaScript: search, help, columns, ticks', async () => {
    const page = await browser.visit(roost.url, { javaScriptEnabled: false });
    await page.fill('#search', 'ada');
    await page.press('#search', 'Enter');
    await page.waitForURL('**/tasks?q=ada');
    expect(await page.locator('tbody tr').count()).toBe(1);
    await page.click('#query-help > summary');
    expect(await page.innerText('#query-help')).toContain('input.user.id:42');
    await page.click('#columns > summary');
    await page.check('#columns [value=result]');
    await page.click('#columns .primary');
    await page.waitForURL(/columns=/);
    expect(await page.innerText('td.c-result')).toContain('ADA WRITES NOTES');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('.export >> text=CSV')]);
    expect(download.suggestedFilename()).toMatch(/^roost-tasks-.*\.csv$/);
    await page.check('tbody input[name=id]');
    expect(await page.locator('#bulk button').first().isVisible()).toBe(true);
  });

  it('fits a phone', async () => {
    const page = await browser.visit(`${roost.url}/tasks`, {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
      allow: [status(400)],
    });
    const width = () => page.evaluate('document.documentElement.scrollWidth');
    for (const path of [
      '/tasks?q=divide',
      '/tasks?q=nosuchword+type:divide',
      '/tasks?q=state:faild',
      '/tasks?columns=state,type,id,input,result,error,queue,worker,attempts,priority,tags,waited,ran,created,finished',
    ]) {
      await page.goto(path);
      // Each open by itself: on a phone what opens lies over the foot of the page.
      for (const fold of await page.locator('main details > summary').all()) {
        await fold.click();
        expect([path, await width()]).toEqual([path, 390]);
        await fold.press('Enter');
      }
      expect([path, await width()]).toEqual([path, 390]);
    }
    const box = (await page.locator('tbody tr').first().boundingBox())!;
    expect(box.height).toBeLessThan(80);
    await page.fill('#search', 's');
    await page.locator('#search-suggestions [role=option]').first().waitFor();
    expect(await width()).toBe(390);
  });
});
