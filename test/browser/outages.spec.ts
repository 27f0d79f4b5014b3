import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, live, openForm, status, useBrowser } from '../support/browser.js';
import { type RunningApp, startApp } from '../support/processes.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { TaskPage } from '../support/task-page.js';

describeInBrowser('open pages while something is away', () => {
  const browser = useBrowser();
  let redis: RedisServer;
  let env: Record<string, string>;
  let web: RunningApp;
  let worker: RunningApp;
  let api: ApiClient;

  beforeAll(async () => {
    redis = await RedisServer.start({ appendOnly: true });
    // Its port outlives a restart of the web app: the open pages must find it again.
    env = { REDIS_URL: redis.url, PORT: String(await freePort()) };
    [web, worker] = await Promise.all([startApp('web', env), startApp('worker', env)]);
    api = new ApiClient(web.url!);
  });

  afterAll(async () => {
    await Promise.all([web.stop(), worker.stop()]);
    await redis.remove();
  });

  it('the web app stops and starts again: pages say since when they are stale, and recover by themselves', async () => {
    const { id } = await api.submit(
      'divide',
      { x: 1, y: 7, digits: 20, stepDelayMs: 200 },
      { delayMs: 3_600_000 },
    );
    const allow = [/ERR_CONNECTION_(REFUSED|RESET)|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/];
    const list = await browser.visit(`${web.url}/tasks`, { allow });
    const task = await browser.visit(`${web.url}/tasks/${id}`, { allow });
    await Promise.all([live(list), live(task)]);
    await api.call('POST', `/api/v1/tasks/${id}/promote`);
    await new TaskPage(task).inState('active');
    await web.stop();
    for (const page of [list, task]) {
      await page.locator('#live[data-live-state=stale]').waitFor();
      expect(await page.innerText('#live')).toMatch(/^stale since \d/);
      const banner = page.locator('#stale');
      expect(await banner.innerText()).toMatch(
        /The server does not answer\. Shown is what was known at .+; it comes up to date/,
      );
      // What was known stays.
      expect(await page.innerText('#list, #task-page')).toContain('divide');
    }
    web = await startApp('web', env);
    for (const page of [list, task]) {
      await live(page);
      await page.locator('#stale').waitFor({ state: 'hidden' });
    }
    await new TaskPage(task).inState('completed');
    const later = await api.submit('divide', { x: 1, y: 4 });
    await list.locator(`#row-${later.id}`).waitFor();
  });

  it('Redis stops and starts again: a banner on open pages, a page that explains, nothing typed is lost', async () => {
    const allow = [status(503), /ERR_INCOMPLETE_CHUNKED_ENCODING/];
    const page = await browser.visit(web.url!, { allow });
    const list = await browser.visit(`${web.url}/tasks`, { allow });
    const fresh = await browser.visit(web.url!, { allow });
    await Promise.all([live(page), live(list)]);
    await openForm(page, 'divide');
    await page.fill('#divide-input-x', '5');
    await page.fill('#divide-input-digits', '3');
    await redis.stop();

    // Lists are read from the history, which is there all the same.
    await list
      .locator('#list-notice', { hasText: 'Redis does not answer. This is what the history knows' })
      .waitFor();
    expect(await list.locator('tbody tr').count()).toBeGreaterThan(0);
    expect((await fresh.goto('/tasks'))!.status()).toBe(200);
    expect(await fresh.locator('#list tbody tr').count()).toBeGreaterThan(0);
    const answer = await fresh.goto('/monitor/workers');
    expect([answer!.status(), answer!.headers()['retry-after']]).toEqual([503, '2']);
    expect(await fresh.innerText('#error-page')).toMatch(
      /503[^]*Redis does not answer[^]*This page looks again by itself/,
    );

    await page.click('#form-divide button[type=submit]');
    const trouble = page.locator('#form-divide .problems');
    await trouble.waitFor();
    expect(await trouble.innerText()).toMatch(
      /Redis does not answer[^]*outcome is unknown[^]*as often as you like/,
    );
    expect(await page.inputValue('#divide-input-x')).toBe('5');

    await redis.startAgain();
    await fresh.locator('#fleet tbody tr').first().waitFor();
    await list.locator('#list-notice p').waitFor({ state: 'detached' });
    await live(list);
    await page.locator('#newest .rows').waitFor();
    expect(await page.inputValue('#divide-input-x')).toBe('5');
    await page.click('#form-divide button[type=submit]');
    const task = await TaskPage.arrive(page);
    await task.inState('completed');
    expect(await task.result()).toMatchObject({ decimal: '0.714' });
  });
});
