import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { axeViolations, COLOUR_RULES } from '../support/axe-violations.js';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, live, openForm, status, useBrowser } from '../support/browser.js';
import { Roost } from '../support/roost.js';
import { TaskPage } from '../support/task-page.js';

describeInBrowser('axe finds nothing to object to', () => {
  const browser = useBrowser();
  let roost: Roost;
  let ids: Record<'running' | 'completed' | 'failed' | 'delayed' | 'cancelled', string>;

  beforeAll(async () => {
    // The running one is given back at the end.
    roost = await Roost.start({ env: { SHUTDOWN_TIMEOUT_MS: '1000' } });
    const api = new ApiClient(roost.url);
    const submit = async (input: object, options?: object) => (await api.submit('divide', input, options)).id;
    const later = { delayMs: 3_600_000, tags: ['nightly'] };
    ids = {
      running: await submit({ x: 1, y: 7, digits: 5000, stepDelayMs: 100 }),
      completed: await submit({ x: 1, y: 7, digits: 40 }),
      failed: await submit({ x: 1, y: 0 }),
      delayed: await submit({ x: 1, y: 7 }, later),
      cancelled: await submit({ x: 1, y: 7 }, later),
    };
    await api.call('POST', `/api/v1/tasks/${ids.cancelled}/cancel`, { reason: 'to see it' });
    await Promise.all([
      api.inState(ids.running, ['active']),
      api.inState(ids.completed, ['completed']),
      api.inState(ids.failed, ['failed']),
    ]);
  });

  afterAll(() => roost?.stop());

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`in ${colorScheme}`, async () => {
      const page = await browser.visit(`${roost.url}/submit`, {
        colorScheme,
        allow: [status(422), status(404), status(400)],
      });
      const rules = colorScheme === 'dark' ? COLOUR_RULES : undefined;
      const found: string[] = [];
      const look = async (name: string) => {
        for (const violation of await axeViolations(page, rules)) found.push(`${name}: ${violation}`);
      };
      await live(page);
      await look('submit');
      await openForm(page, 'divide');
      await page.click('#options-divide > summary');
      await page.fill('#divide-input-x', 'twelve');
      await page.fill('#divide-options-priority', '-1');
      await page.click('#form-divide button[type=submit]');
      await page.locator('#form-divide .problems').waitFor();
      await look('wrong form');
      for (const path of [
        '/tasks',
        '/',
        '/tasks?state=expired',
        '/tasks?q=type:divide+state:faild',
        '/tasks?columns=state,type,id,input,result,error,queue,worker,attempts,priority,tags,waited,ran,created,finished',
        '/monitor',
        '/monitor/history',
        '/monitor/queues',
        '/monitor/workers',
        '/nothing-here',
      ]) {
        await page.goto(path);
        await look(path);
      }
      await page.goto('/tasks?q=divide');
      for (const fold of await page.locator('main details > summary').all()) await fold.click();
      await page.locator('tbody input[type=checkbox]').first().check();
      await page.fill('#search', 's');
      await page.locator('#search-suggestions [role=option]').first().waitFor();
      await page.keyboard.press('ArrowDown');
      await look('search with all that opens');
      for (const [name, id] of Object.entries(ids)) {
        await page.goto(`/tasks/${id}`);
        await new TaskPage(page).inState(
          name === 'running' ? 'active' : (name as Exclude<keyof typeof ids, 'running'>),
        );
        for (const fold of await page.locator('details:not([name]) > summary').all()) await fold.click();
        await look(`${name} task`);
      }
      await page.click('#help');
      await look('list of keys');
      expect(found).toEqual([]);
    });
  }
});
