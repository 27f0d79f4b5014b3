import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, openForm, status, useBrowser } from '../support/browser.js';
import { expectSafe, HOSTILE, TAG } from '../support/hostile-text.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { TaskPage } from '../support/task-page.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

describeInBrowser('hostile text', () => {
  const browser = useBrowser();
  let build: ScratchBuild;
  let redis: RedisServer;
  let web: RunningApp;
  let worker: RunningApp;
  let api: ApiClient;

  beforeAll(async () => {
    build = new ScratchBuild('task-types-parrot');
    redis = await RedisServer.start();
    const env = { REDIS_URL: redis.url, ...DEFAULT_QUEUE_ONLY };
    [web, worker] = await Promise.all([
      startApp('web', env, build.folder),
      startApp('worker', env, build.folder),
    ]);
    api = new ApiClient(web.url!);
  });

  afterAll(async () => {
    await Promise.all([web.stop(), worker.stop()]);
    await redis.remove();
    build.remove();
  });

  it('stays text in input, progress, log, result, error, tags and reason, on every page', async () => {
    const submit = async (fail: boolean, options: object = {}) =>
      (await api.submit('parrot', { words: HOSTILE, fail }, { tags: [TAG], ...options })).id;
    const [done, failed, cancelled] = [
      await submit(false),
      await submit(true),
      await submit(true, { delayMs: 3_600_000 }),
    ];
    await api.call('POST', `/api/v1/tasks/${cancelled}/cancel`, { reason: HOSTILE });
    await api.inState(done, ['completed']);
    await api.inState(failed, ['failed']);

    const page = await browser.visit(`${web.url}/tasks/${done}`, { allow: [status(404), status(422)] });
    await expectSafe(page);
    expect(await texts(page, '#log .line')).toEqual([HOSTILE, HOSTILE]);
    expect(await page.textContent('#progress-message')).toBe(HOSTILE.slice(0, 200));
    expect(await new TaskPage(page).result()).toEqual({
      words: HOSTILE,
      list: [HOSTILE],
      [HOSTILE]: HOSTILE,
    });
    expect(await texts(page, '#input dd')).toContain(HOSTILE);
    expect(await texts(page, '#facts .chip')).toEqual([TAG]);
    expect(await page.textContent('#curl')).toContain("'\\''");

    await page.goto(`/tasks/${failed}`);
    await expectSafe(page);
    expect(await page.textContent('#error-message')).toBe(HOSTILE);
    expect(await page.textContent('#error-stack-text')).toContain(`at ${HOSTILE}`);
    expect(await texts(page, '.attempt-problem')).toEqual([HOSTILE]);

    await page.goto(`/tasks/${cancelled}`);
    await expectSafe(page);
    expect(await page.textContent('#note')).toContain(HOSTILE.slice(0, 100));

    for (const path of ['/', '/submit', '/tasks', '/monitor', '/tasks?state=failed']) {
      await page.goto(path);
      await expectSafe(page);
      // An error group shows numbers folded.
      expect(await page.textContent('main')).toMatch(/<script>alert\((1|<n>)\)<\/script>/);
    }
    await page.goto(`/submit?from=${failed}`);
    await expectSafe(page);
    // Text areas take every line end for \n.
    expect(await page.inputValue('#parrot-input-words')).toBe(HOSTILE);
  });

  it('stays text in what a form sends back, and reaches the handler unchanged', async () => {
    const page = await browser.visit(`${web.url}/submit`, { allow: [status(422)] });
    await openForm(page, 'divide');
    await page.fill('#divide-input-x', HOSTILE);
    await page.click('#options-divide > summary');
    await page.fill('#divide-options-priority', HOSTILE);
    await page.fill('#divide-options-runAtZone', HOSTILE);
    await page.fill('#divide-options-tags', HOSTILE);
    await page.click('#form-divide button[type=submit]');
    await page.locator('#form-divide .problems').waitFor();
    await expectSafe(page);
    expect(await page.inputValue('#divide-input-x')).toBe(HOSTILE);
    expect(await page.inputValue('#divide-options-priority')).toBe(HOSTILE);

    await page.goto('/submit?type=parrot');
    await page.fill('#parrot-input-words', HOSTILE);
    await page.click('#form-parrot button[type=submit]');
    const task = await TaskPage.arrive(page);
    await task.inState('completed');
    await expectSafe(page);
    expect(await api.task(task.id)).toMatchObject({ input: { words: HOSTILE }, result: { words: HOSTILE } });
  });

  it('stays text in addresses', async () => {
    const page = await browser.visit(web.url!, { allow: [status(404), status(400), status(422)] });
    const text = encodeURIComponent(HOSTILE);
    const paths = [
      `/tasks/${text}`,
      `/${text}`,
      `/tasks?q=${text}`,
      `/tasks?state=${text}&queue=${text}&type=${text}`,
      `/tasks?cursor=${text}`,
      `/submit?type=${text}&flash=${text}`,
      `/submit?from=${text}`,
      `/monitor?flash=${text}&layout=${text}&title=${text}`,
      `/tasks?state[__proto__]=${text}&layout=/etc/passwd`,
    ];
    for (const path of paths) {
      await page.goto(path);
      await expectSafe(page);
    }
    await page.fill('#search', HOSTILE);
    await page.press('#search', 'Enter');
    await page.locator('#problem, #list .empty').first().waitFor();
    await expectSafe(page);
    expect(await page.inputValue('#search')).toBe(HOSTILE.trim());
  });
});

async function texts(page: Page, selector: string): Promise<(string | null)[]> {
  return page.locator(selector).evaluateAll((elements) => elements.map((element) => element.textContent));
}
