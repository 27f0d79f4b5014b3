import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, openForm, status, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { TaskPage } from '../support/task-page.js';

describeInBrowser('with JavaScript off', () => {
  const browser = useBrowser();
  let roost: Roost;
  let api: ApiClient;

  beforeAll(async () => {
    roost = await Roost.start();
    api = new ApiClient(roost.url);
  });

  afterAll(() => roost?.stop());

  it('a task can be submitted, looked at again until it is done, and its result be read', async () => {
    const page = await browser.visit(roost.url, { javaScriptEnabled: false });
    await openForm(page, 'divide');
    await page.fill('#divide-input-digits', '6');
    await page.click('#form-divide button[type=submit]');
    const task = await TaskPage.arrive(page);
    expect(await page.innerText('#toast')).toBe('Task submitted.');
    // Nothing is shown that scripts would have to bring to life.
    for (const hidden of ['#live', '#theme', '#help', '#copy-input-json']) {
      expect([hidden, await page.isVisible(hidden)]).toEqual([hidden, false]);
    }
    await api.inState(task.id, ['completed']);
    await page.click('#task-state >> text=Look again');
    await task.inState('completed');
    expect(await page.isVisible('text=Look again')).toBe(false);
    expect(await task.result()).toMatchObject({ decimal: '3.142857', repeating: '142857' });
    await page.goto('/');
    expect(await page.innerText(`#row-${task.id}`)).toContain('completed');
    await page.click(`#row-${task.id} .row-link`);
    await task.inState('completed');
  });

  it('a wrong form comes back marked, and is accepted once corrected', async () => {
    const page = await browser.visit(roost.url, { javaScriptEnabled: false, allow: [status(422)] });
    await openForm(page, 'divide');
    await page.fill('#divide-input-y', 'seven');
    await page.click('#form-divide button[type=submit]');
    await page.locator('#form-divide .problems').waitFor();
    expect(await page.inputValue('#divide-input-y')).toBe('seven');
    expect(await page.innerText('#divide-input-y-problem')).toContain('must be a number');
    await page.fill('#divide-input-y', '7');
    await page.fill('#divide-input-digits', '1');
    await page.click('#form-divide button[type=submit]');
    const task = await TaskPage.arrive(page);
    expect((await api.inState(task.id, ['completed', 'failed'])).state).toBe('completed');
  });

  it('a task can be cancelled with a reason, retried and filtered for', async () => {
    const page = await browser.visit(roost.url, { javaScriptEnabled: false });
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
    expect(await task.read('note')).toMatch(/Cancelled[^]*changed my mind[^]*by the web page/);

    await page.goto('/tasks');
    await page.click('#chip-cancelled');
    await page.waitForURL('**/tasks?q=state%3Acancelled');
    await page.selectOption('.narrow [name=type]', 'divide');
    await page.click('.narrow button');
    await page.waitForURL('**/tasks?q=state%3Acancelled+type%3Adivide');
    await page.click(`#row-${task.id} .row-link`);
    await page.click('#act-retry');
    await page.locator('#toast', { hasText: 'put back in its queue' }).waitFor();
    expect((await api.inState(task.id, ['completed', 'failed'])).state).toBe('completed');
  });
});
