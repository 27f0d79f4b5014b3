import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskView } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, openForm, status, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { TaskPage } from '../support/task-page.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

describeInBrowser('handing in a task', () => {
  const browser = useBrowser();
  let roost: Roost;
  let api: ApiClient;

  beforeAll(async () => {
    roost = await Roost.start({ env: DEFAULT_QUEUE_ONLY });
    api = new ApiClient(roost.url);
  });

  afterAll(() => roost?.stop());

  describe('the forms on the submit page, which is the first page while nothing has run', () => {
    it('divide with what they are filled with: the bar moves, the state changes, the result can be copied', async () => {
      const page = await browser.visit(roost.url, { permissions: ['clipboard-read', 'clipboard-write'] });
      await openForm(page, 'divide');
      await page.click('#form-divide button[type=submit]');
      const task = await TaskPage.arrive(page);
      await task.watch();
      await page.locator('#toast', { hasText: 'Task submitted.' }).waitFor();
      await task.inState('completed');

      const { states, percents, messages } = await task.seen();
      expect(states.slice(-2)).toEqual(['active', 'completed']);
      // How many of its steps a page sees hangs on the machine; that it moved does not.
      expect(percents.length).toBeGreaterThan(1);
      expect(percents).toEqual([...percents].sort((a, b) => a - b));
      expect(percents.at(-1)).toBe(100);
      expect(messages).toContain('Digit 30 of 30: 142857142857142857142857142857');

      const result = {
        quotient: 22 / 7,
        decimal: '3.142857142857142857142857142857',
        repeating: '142857',
        exact: false,
      };
      expect(await task.result()).toEqual(result);
      expect(await task.read('result')).toContain(result.decimal);
      expect(await page.title()).toMatch(/^divide #\w+ · completed/);
      await page.click('#copy-result-json');
      await page.locator('#copy-result-json', { hasText: 'Copied' }).waitFor();
      expect(JSON.parse(await page.evaluate('navigator.clipboard.readText()'))).toEqual(result);
      expect(new URL(page.url()).search).toBe('');
    });

    it('process a text the same way', async () => {
      const page = await browser.visit(`${roost.url}/submit`);
      await openForm(page, 'process-text');
      await page.fill('#process-text-input-text', 'grüße aus Köln 👋🏽');
      await page.click('#form-process-text button[type=submit]');
      const task = await TaskPage.arrive(page);
      await task.watch();
      await task.inState('completed');
      const { states, percents, messages } = await task.seen();
      expect(states.slice(-2)).toEqual(['active', 'completed']);
      expect(percents.length).toBeGreaterThan(1);
      expect(messages).toContain('10 of 10');
      expect(await task.result()).toEqual({
        text: Array<string>(10).fill('Grüße Aus Köln 👋🏽').join('\n'),
        characters: 10 * 16 + 9,
        words: 30,
      });
    });

    it('explain a division by zero: what went wrong, that no retry helps, and where else it shows', async () => {
      const page = await browser.visit(`${roost.url}/submit`);
      await openForm(page, 'divide');
      await page.fill('#divide-input-y', '0');
      await page.click('#form-divide button[type=submit]');
      const task = await TaskPage.arrive(page);
      await task.inState('failed');
      expect(await task.read('error-title')).toBe('PermanentError');
      expect(await task.read('error-message')).toBe(
        'Division by zero: 22 / 0 has no result. Use a divisor other than 0.',
      );
      expect(await task.read('error-next')).toMatch(
        /Not tried again after attempt 1 of \d+: the same input would fail/,
      );
      expect(await page.locator('#attempts .attempt-list > li').count()).toBe(1);
      expect(await task.read('attempts')).toContain('failed');
      expect(await page.locator('#result').count()).toBe(0);
      expect((await api.task(task.id)).attempts.made).toBe(1);

      await page.goto('/monitor');
      await page.locator('#failing li', { hasText: 'Division by zero' }).locator('a').click();
      await page.locator(`main a[href="/tasks/${task.id}"]`).first().click();
      await (await TaskPage.arrive(page)).inState('failed');
    });

    it('come back with what was typed, what is wrong and the focus on it, and take the corrected form', async () => {
      const page = await browser.visit(`${roost.url}/submit`, { allow: [status(422)] });
      await openForm(page, 'divide');
      await page.fill('#divide-input-x', 'twelve');
      await page.fill('#divide-input-digits', '1.5');
      await page.click('#options-divide > summary');
      await page.fill('#divide-options-attempts', '0');
      await page.fill('#divide-options-tags', 'nightly');
      await page.click('#form-divide button[type=submit]');

      const summary = page.locator('#form-divide .problems');
      // The script that moves the focus runs once the page is there.
      await page.locator('#form-divide .problems:focus').waitFor();
      expect(await summary.innerText()).toMatch(
        /Not submitted: 3 fields to correct[^]*Dividend[^]*Digits[^]*Attempts/,
      );
      expect(await page.title()).toMatch(/^Not submitted/);
      expect(await page.inputValue('#divide-input-x')).toBe('twelve');
      expect(await page.inputValue('#divide-input-digits')).toBe('1.5');
      expect(await page.inputValue('#divide-options-attempts')).toBe('0');
      expect(await page.inputValue('#divide-options-tags')).toBe('nightly');
      expect(await page.getAttribute('#divide-input-x', 'aria-invalid')).toBe('true');
      expect(await page.getAttribute('#divide-input-y', 'aria-invalid')).toBeNull();
      expect(await page.innerText('#divide-input-x-problem')).toBe(
        'must be a number such as 10, -2.5 or 1e-7, not "twelve"',
      );

      await summary.getByRole('link', { name: 'Dividend' }).click();
      expect(await page.evaluate('document.activeElement.id')).toBe('divide-input-x');
      await page.keyboard.press('ControlOrMeta+A');
      await page.keyboard.type('12');
      await page.fill('#divide-input-digits', '0');
      await page.fill('#divide-options-attempts', '2');
      await page.keyboard.press('Enter');
      const task = await TaskPage.arrive(page);
      expect(await api.task(task.id)).toMatchObject({
        input: { x: '12', y: '7', digits: 0 },
        attempts: { max: 2 },
        tags: ['nightly'],
      });
    });

    it('make one task of a double click', async () => {
      const page = await browser.visit(`${roost.url}/submit`);
      await openForm(page, 'divide');
      await page.fill('#divide-input-x', '4711');
      await page.dblclick('#form-divide button[type=submit]');
      const task = await TaskPage.arrive(page);
      const { items } = await api.get<{ items: TaskView[] }>('/api/v1/tasks?type=divide');
      const made = items.filter(({ inputPreview }) => inputPreview?.includes('4711'));
      expect(made.map(({ id }) => id)).toEqual([task.id]);
    });

    it('make one task of a form that is sent twice in earnest', async () => {
      const page = await browser.visit(`${roost.url}/submit`);
      const fields = (await page.evaluate(
        'Object.fromEntries(new FormData(document.getElementById("form-divide")))',
      )) as Record<string, string>;
      const send = () =>
        page.request.post('/submit', { form: { ...fields, 'input.digits': '1' }, maxRedirects: 0 });
      const [first, second] = await Promise.all([send(), send()]);
      const made = [first, second].map((answer) => answer.headers().location!.replace(/\?flash=[\w-]+$/, ''));
      expect(made[0]).toMatch(/^\/tasks\/.+/);
      expect(made[1]).toBe(made[0]);
      await page.goto(second.headers().location!);
      await page.locator('#toast').waitFor();
    });
  });

  describe('with JavaScript off', () => {
    it('a task can be submitted, looked at again until it is done, and its result be read', async () => {
      const page = await browser.visit(`${roost.url}/submit`, { javaScriptEnabled: false });
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
      await page.goto('/submit');
      expect(await page.innerText(`#row-${task.id}`)).toContain('completed');
      await page.click(`#row-${task.id} .row-link`);
      await task.inState('completed');
    });

    it('a wrong form comes back marked, and is accepted once corrected', async () => {
      const page = await browser.visit(`${roost.url}/submit`, {
        javaScriptEnabled: false,
        allow: [status(422)],
      });
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
      const page = await browser.visit(`${roost.url}/submit`, { javaScriptEnabled: false });
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

  describe('the page of the API', () => {
    it('comes from here alone, breaks no rule of its own, and submits a task', async () => {
      const page = await browser.visit(`${roost.url}/api/docs`);
      const hosts = new Set<string>();
      page.on('request', (request) => hosts.add(new URL(request.url()).origin));
      const submit = page.locator('#operations-Submit-submitTask');
      await submit.locator('.opblock-summary-control').click();
      await submit.locator('.execute').click();
      // The page writes its answer bit by bit.
      const answer = submit.locator('.live-responses-table .response', { hasText: '"state": "waiting"' });
      await answer.waitFor();
      expect(await answer.innerText()).toMatch(/^202/);
      expect([...hosts]).toEqual([roost.url]);
    });

    it('leads from the type of a problem to what is said about it', async () => {
      const answer = await fetch(`${roost.url}/api/v1/tasks/nope`);
      const { type } = (await answer.json()) as { type: string };
      const page = await browser.visit(roost.url + type, {
        // Swagger UI takes the underscores behind the # for blanks, and says so.
        allow: [/escaping deep link whitespace/],
      });
      const row = page.locator('tr.pointed-at');
      await row.waitFor();
      expect(await row.innerText()).toMatch(/TASK_NOT_FOUND\s+404\s+No such task/);
      // The page grows above the row while it is drawn, and keeps it in sight.
      await page.waitForFunction(`(() => {
        const { top, bottom } = document.querySelector('tr.pointed-at').getBoundingClientRect();
        return top > 0 && bottom <= innerHeight;
      })()`);
    });
  });
});
