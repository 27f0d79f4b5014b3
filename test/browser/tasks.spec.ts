import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { TaskView } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, live, openForm, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { TaskPage } from '../support/task-page.js';
import { until } from '../support/until.js';

const QUICK = { x: 1, y: 4 };
const LATER = { delayMs: 3_600_000 };

describeInBrowser('lists and pages of tasks', () => {
  const browser = useBrowser();
  let roost: Roost;
  let api: ApiClient;

  beforeAll(async () => {
    roost = await Roost.start();
    api = new ApiClient(roost.url);
  });

  afterAll(() => roost?.stop());

  it('the submit page shows a task within a second that came in over the API, and what becomes of it', async () => {
    const page = await browser.visit(`${roost.url}/submit`);
    await live(page);
    const took: number[] = [];
    let task: TaskView | undefined;
    for (let i = 0; i < 3; i++) {
      task = await api.submit('divide', QUICK);
      const submittedAt = Date.now();
      await page.locator(`#row-${task.id}`).waitFor();
      took.push(Date.now() - submittedAt);
    }
    // The quickest of them: how busy the machine is has no part in it.
    expect(Math.min(...took)).toBeLessThan(5_000);
    await page.locator(`#row-${task!.id} .state`, { hasText: 'completed' }).waitFor();
    await page.click(`#row-${task!.id} .row-link`);
    await (await TaskPage.arrive(page)).inState('completed');
  });

  it('a list holds still while text in it is selected, and under the pointer, where it shows how many are new', async () => {
    const first = await api.submit('divide', QUICK);
    const page = await browser.visit(`${roost.url}/tasks`);
    await live(page);
    const row = page.locator(`#row-${first.id}`);
    await row.locator('.type').selectText();
    const second = await api.submit('divide', QUICK);
    await redrawn(page);
    expect(await page.locator(`#row-${second.id}`).count()).toBe(0);
    expect(await page.evaluate('String(getSelection())')).toBe('divide');
    await page.evaluate('getSelection().removeAllRanges()');
    await page.locator(`#row-${second.id}`).waitFor();

    await row.hover();
    const waiting = await api.submit('divide', QUICK, LATER);
    const chip = page.locator('#list > .newer');
    await chip.waitFor();
    expect(await chip.innerText()).toBe('1 new');
    expect(await page.locator(`#row-${waiting.id}`).count()).toBe(0);
    await chip.click();
    await page.locator(`#row-${waiting.id}`).waitFor();
    await api.call('POST', `/api/v1/tasks/${waiting.id}/cancel`);
    await page.locator(`#row-${waiting.id} .state`, { hasText: 'cancelled' }).waitFor();
  });

  it('a list holds still on a phone that was scrolled to it, and a new row comes when it is asked for', async () => {
    const first = await api.submit('divide', QUICK);
    const page = await browser.visit(`${roost.url}/tasks`, {
      viewport: { width: 390, height: 700 },
      isMobile: true,
      hasTouch: true,
    });
    await live(page);
    const row = page.locator(`#row-${first.id}`);
    await row.scrollIntoViewIfNeeded();
    await page.evaluate('scrollTo(0, 60)');
    const place = () => row.evaluate((element) => element.getBoundingClientRect().top);
    const before = await place();
    const second = await api.submit('divide', QUICK);
    await page.locator('#list > .newer', { hasText: '1 new' }).waitFor();
    expect(await place()).toBe(before);
    expect(await page.locator('#announcements').textContent()).toContain('1 new');
    await page.locator('#list > .newer button').tap();
    await page.locator(`#row-${second.id}`).waitFor();
  });

  it('a page that is held still changes nothing until it goes on', async () => {
    const page = await browser.visit(`${roost.url}/tasks`);
    await live(page);
    await page.getByRole('button', { name: 'Hold this page still' }).click();
    const total = await page.innerText('#total');
    const task = await api.submit('divide', QUICK);
    await page.locator('#list > .newer', { hasText: '1 new' }).waitFor();
    expect(await page.innerText('#total')).toBe(total);
    await page.getByRole('button', { name: 'Hold this page still' }).click();
    await page.locator(`#row-${task.id}`).waitFor();
  });

  it('what Back brings back shows what its acts are about', async () => {
    const task = await api.submit('divide', QUICK);
    await api.inState(task.id, ['completed']);
    const page = await browser.visit(`${roost.url}/tasks`);
    await page.selectOption('.narrow [name=type]', 'divide');
    await page.waitForURL(/q=type%3Adivide/);
    await page.goBack();
    await page.waitForURL(/\/tasks$/);
    await until('it says any type', async () => (await page.inputValue('.narrow [name=type]')) === '');
    // Words that nobody has searched for yet are not what the bar acts on.
    await page.fill('#search', 'state:failed');
    await page.locator('.bulk-bar', { hasText: 'Search first' }).waitFor();
    expect(await page.locator('.bulk-bar button[value=delete]').isDisabled()).toBe(true);
    await page.fill('#search', '');
    expect(await page.locator('.bulk-bar button[value=delete]').isDisabled()).toBe(false);
  });

  it('chips count and filter, and older tasks are a page further', async () => {
    const many = Array.from({ length: 62 }, (_, i) => ({
      type: 'count-primes',
      input: { upTo: 100 + i },
      options: LATER,
    }));
    expect((await api.call('POST', '/api/v1/tasks/bulk', many)).ok).toBe(true);
    const page = await browser.visit(`${roost.url}/tasks`);
    await page.click('#chip-delayed');
    await page.waitForURL('**/tasks?q=state%3Adelayed');
    expect(await page.getAttribute('#chip-delayed', 'aria-current')).toBe('true');
    // Counts may be two seconds old.
    await until('the chip has them all', async () => {
      if ((await page.innerText('#chip-delayed .n')) === '62') return true;
      await page.reload();
      return false;
    });
    expect(await page.innerText('#total')).toBe('62 match');
    const shown = await idsOn(page);
    expect(shown).toHaveLength(50);
    expect(await page.innerText('#pages p')).toBe('1–50 of 62, newest first');
    await page.getByRole('link', { name: 'Next' }).click();
    await page.waitForURL(/cursor=/);
    const older = await idsOn(page);
    expect(older).toHaveLength(12);
    expect(new Set([...shown, ...older]).size).toBe(62);
    await page.getByRole('link', { name: 'Previous' }).click();
    await page.waitForURL('**/tasks?q=state%3Adelayed');
    expect(await idsOn(page)).toEqual(shown);

    await page.click('#chip-all');
    await page.waitForURL('**/tasks');
    await page.selectOption('.narrow [name=queue]', 'cpu');
    await page.waitForURL(/q=queue%3Acpu/);
    expect(await page.locator('td.c-queue').allInnerTexts()).toEqual(Array<string>(50).fill('cpu'));
    await page.click('#chip-failed');
    await page.waitForURL(/state%3Afailed/);
    expect(await page.innerText('#list')).toMatch(
      /No task matches queue:cpu state:failed\s+There would be\s+62 without state:failed/,
    );
  });

  it('a delayed task is cancelled with a reason, retried, run at once', async () => {
    const { id } = await api.submit('divide', QUICK, LATER);
    const page = await browser.visit(`${roost.url}/tasks/${id}`);
    const task = new TaskPage(page);
    await live(page);
    await page.click('#act-cancel > summary');
    await page.fill('#cancel-reason', 'not needed any more');
    await page.click('#act-cancel button');
    await task.inState('cancelled');
    await page.locator('#toast', { hasText: 'Task cancelled.' }).waitFor();
    expect(await task.read('note')).toMatch(/not needed any more[^]*by the web page/);
    expect(await api.task(id)).toMatchObject({
      cancelled: { reason: 'not needed any more', by: 'the web page' },
    });
    await page.click('#act-retry');
    await page.locator('#toast', { hasText: 'put back in its queue' }).waitFor();
    await task.inState('completed');
    expect(await task.result()).toMatchObject({ quotient: 0.25 });

    const other = await api.submit('divide', QUICK, LATER);
    await page.goto(`/tasks/${other.id}`);
    await page.click('#act-promote');
    await task.inState('completed');
  });

  it('submit again with edits: the form has the old input, and the new task names the old one', async () => {
    const { id } = await api.submit('divide', { x: '10.50', y: 0, digits: 12, stepDelayMs: 3 });
    const page = await browser.visit(`${roost.url}/tasks/${id}`);
    await new TaskPage(page).inState('failed');
    await page.click('#act-rerun');
    await page.locator('#form-divide .origin', { hasText: `#${id.slice(-6)}` }).waitFor();
    const values = (name: string) => page.inputValue(`#divide-input-${name}`);
    expect(await Promise.all(['x', 'y', 'digits', 'stepDelayMs'].map(values))).toEqual([
      '10.50',
      '0',
      '12',
      '3',
    ]);
    await page.fill('#divide-input-y', '2');
    await page.click('#form-divide button[type=submit]');
    await page.waitForURL((url) => url.pathname.startsWith('/tasks/') && !url.pathname.endsWith(id));
    const task = await TaskPage.arrive(page);
    await task.inState('completed');
    expect(await task.result()).toMatchObject({ decimal: '5.25' });
    expect(await task.read('facts')).toMatch(/Made from\s+#/);
    await page.click('#facts dd a[title]');
    await page.waitForURL(`**/tasks/${id}`);
  });

  it('an open task page sees that its task was deleted, and a delete from the page can be undone for a while', async () => {
    const { id } = await api.submit('divide', QUICK);
    await api.inState(id, ['completed']);
    const page = await browser.visit(`${roost.url}/tasks/${id}`, { allow: [/status of 410/] });
    await live(page);
    await api.call('DELETE', `/api/v1/tasks/${id}`);
    await page.locator('#error-page', { hasText: 'This task is no longer stored' }).waitFor();

    const other = await api.submit('divide', QUICK);
    await api.inState(other.id, ['completed']);
    await page.goto(`/tasks/${other.id}`);
    await page.click('#act-delete > summary');
    await page.click('#act-delete button');
    await page.waitForURL('**/tasks/bulk/*');
    expect((await api.call('GET', `/api/v1/tasks/${other.id}`)).status).toBe(200);
    await until(
      'it is deleted when the time to undo is over',
      async () => (await api.call('GET', `/api/v1/tasks/${other.id}`)).status === 410,
    );
  });

  it('the page of a task that moved on shows that nothing was changed', async () => {
    const { id } = await api.submit('divide', QUICK, LATER);
    const page = await browser.visit(`${roost.url}/tasks/${id}`, { javaScriptEnabled: false });
    await api.call('POST', `/api/v1/tasks/${id}/promote`);
    await until('it has run', async () => (await api.task(id)).state === 'completed');
    await page.click('#act-cancel > summary');
    await page.click('#act-cancel button');
    await page.locator('#toast', { hasText: 'Nothing was changed' }).waitFor();
    await new TaskPage(page).inState('completed');
  });

  it('the form takes what it says about options', async () => {
    // Nine hours ahead of UTC all year round.
    const page = await browser.visit(`${roost.url}/submit`, { timezoneId: 'Asia/Tokyo' });
    const day = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
    await openForm(page, 'divide');
    await page.click('#options-divide > summary');
    expect(await page.inputValue('#divide-options-runAtZone')).toBe('Asia/Tokyo');
    await page.fill('#divide-options-runAt', `${day}T12:00`);
    await page.fill('#divide-options-expires', '30');
    await page.fill('#divide-options-priority', '7');
    await page.fill('#divide-options-attempts', '4');
    await page.selectOption('#divide-options-backoff', 'fixed');
    await page.fill('#divide-options-backoffDelay', '2.5');
    await page.fill('#divide-options-tags', 'a, b');
    await page.click('#form-divide button[type=submit]');
    const task = await TaskPage.arrive(page);
    expect(await api.task(task.id)).toMatchObject({
      delayUntil: expect.stringContaining(`${day}T03:00:00`),
      expiresAt: `${day}T03:30:00.000Z`,
      priority: 7,
      attempts: { max: 4 },
      tags: ['a', 'b'],
    });
  });

  it('the end of a task is announced, in a region that no redraw replaces', async () => {
    const { id } = await api.submit('divide', { x: 1, y: 0 }, LATER);
    const page = await browser.visit(`${roost.url}/tasks/${id}`);
    await live(page);
    const region = await page.$('#announcements');
    expect(await page.getAttribute('#announcements', 'aria-live')).toBe('polite');
    expect(await region!.textContent()).toBe('');
    await api.call('POST', `/api/v1/tasks/${id}/promote`);
    await page.locator('#announcements', { hasText: /divide #\w+ is failed: ./ }).waitFor();
    expect(await region!.isVisible()).toBe(true);
  });
});

function idsOn(page: Page): Promise<string[]> {
  return page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => row.id));
}

/** After a second answer has come the first one has been drawn. */
async function redrawn(page: Page): Promise<void> {
  for (let i = 0; i < 2; i++)
    await page.waitForResponse((response) => new URL(response.url()).pathname === '/tasks');
}
