import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Queue, Worker } from 'bullmq';
import type { Page } from 'playwright-core';
import type { TaskView } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { describeInBrowser, live, openForm, status, useBrowser } from '../support/browser.js';
import { type RunningApp, startApp } from '../support/processes.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { TaskPage } from '../support/task-page.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

/** Pages turn stale within 15 s; the rest is for a busy machine, ms. */
const STALE_MS = 45_000;

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
    [web, worker] = await Promise.all([
      startApp('web', env),
      startApp('worker', { ...env, ...DEFAULT_QUEUE_ONLY }),
    ]);
    api = new ApiClient(web.url!);
  });

  afterAll(async () => {
    await Promise.all([web.stop(), worker.stop()]);
    await redis.remove();
  });

  /** Requests of this page for itself and for events, from now on; its clock stands still but for `pass`. */
  async function countRequests(page: Page) {
    const counts = { pages: 0, streams: 0 };
    page.on('request', (request) => {
      if (request.url().includes('/events')) counts.streams++;
      else if (request.headers()['x-roost-refetch'] || request.isNavigationRequest()) counts.pages++;
    });
    const now = Date.now();
    await page.clock.install({ time: now });
    await page.clock.pauseAt(now + 1_000);
    return counts;
  }

  /** Lets so much time pass for the page, in steps between which the server answers. */
  async function pass(page: Page, ms: number): Promise<void> {
    for (let i = 0; i < 8; i++) {
      await page.clock.runFor(ms / 8);
      await page.evaluate('fetch(location.href).then((answer) => answer.text())');
    }
  }

  it('a finished task of another program is over: no stream, and a look every half a minute', async () => {
    const connection = { url: redis.url };
    const queue = new Queue('mail', { connection });
    const { id } = await queue.add('letter', {});
    const other = new Worker('mail', () => Promise.resolve('sent'), { connection });
    const self = `${id}?queue=${encodeURIComponent('bull:mail')}`;
    await until(
      'it is recorded',
      async () => (await api.get<TaskView>(`/api/v1/tasks/${self}`)).state === 'completed',
    );
    await other.close();
    const page = await browser.visit(`${web.url}/health/live`, { allow: [status(404)] });
    const counts = await countRequests(page);
    await page.goto(`/tasks/${self}`);
    await pass(page, 28_000);
    expect(counts).toEqual({ pages: 1, streams: 0 });
    await pass(page, 4_000);
    expect(counts).toEqual({ pages: 2, streams: 0 });

    // Put back by its program: it is followed once more, and let go of as it ends.
    await (await queue.getJob(id!))!.retry('completed');
    await until(
      'it is recorded',
      async () => (await api.get<TaskView>(`/api/v1/tasks/${self}`)).state === 'waiting',
    );
    await pass(page, 30_000);
    await new TaskPage(page).inState('waiting');
    expect(counts.streams).toBe(1);
    const again = new Worker('mail', () => Promise.resolve('sent'), { connection });
    await until('the page shows its end', async () => {
      await pass(page, 1_000);
      return (await page.innerText('#task-state')).includes('completed');
    });
    counts.pages = 0;
    await pass(page, 28_000);
    expect(counts.streams).toBe(1);
    // The last look, at what ended the stream.
    expect(counts.pages).toBeLessThanOrEqual(1);
    await Promise.all([again.close(), queue.close()]);
  });

  it('what a stream is answered is heeded: over, refused, or later', async () => {
    const page = await browser.visit(`${web.url}/health/live`, { allow: [403, 404, 429].map(status) });
    const counts = await countRequests(page);
    const answered = async (
      answer: { status: number; headers?: Record<string, string> },
      seconds: number,
    ) => {
      await page.unroute('**/api/v1/events');
      await page.route('**/api/v1/events', (route) => route.fulfill({ body: '', ...answer }));
      counts.streams = 0;
      await page.goto('/tasks');
      await pass(page, seconds * 1_000);
      return counts.streams;
    };
    expect(await answered({ status: 403 }, 40)).toBe(1);
    // Hidden unless the page is stale at this moment, as it may be while the machine is busy.
    await until('the sign of a refused stream is hidden', async () => {
      await pass(page, 1_000);
      return page.locator('#live').isHidden();
    });
    expect(counts.streams).toBe(1);
    expect(await answered({ status: 204 }, 9)).toBe(1);
    expect(await answered({ status: 429, headers: { 'retry-after': '30' } }, 29)).toBe(1);
    await pass(page, 8_000);
    expect(counts.streams).toBe(2);
  });

  it('the web app stops and starts again: pages show since when they are stale, and recover by themselves', async () => {
    const { id } = await api.submit(
      'divide',
      { x: 1, y: 7, digits: 20, stepDelayMs: 200 },
      { delayMs: 3_600_000 },
    );
    // While it stops it still answers, and says so.
    const allow = [
      status(503),
      /ERR_CONNECTION_(REFUSED|RESET)|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_EMPTY_RESPONSE/,
    ];
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
        /The (server does not answer|web app is stopping)\. The data shown is from .+\. The page updates itself/,
      );
      // Known values stay.
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

  it('Redis freezes: every page shows that it is stale, also those the history can draw, and recovers', async () => {
    const { id } = await api.submit('divide', { x: 1, y: 4 }, { delayMs: 3_600_000 });
    const paths = ['/', '/submit', '/tasks', `/tasks/${id}`, '/tasks/bulk', '/monitor', '/monitor?range=30d'];
    for (const name of ['redis', 'errors', 'history', 'limits', 'queues', 'queues/cpu', 'workers'])
      paths.push(`/monitor/${name}`);
    const allow = [status(503), /ERR_INCOMPLETE_CHUNKED_ENCODING/];
    const pages: Page[] = [];
    // One by one: a browser that is starved of time gets a 408 for a connection it opened ahead of use.
    for (const path of paths) {
      const page = await browser.visit(web.url! + path, { allow });
      await live(page);
      pages.push(page);
    }
    redis.freeze();
    try {
      for (const page of pages) {
        const sign = page.locator('#live[data-live-state=stale]');
        await sign.waitFor({ timeout: STALE_MS });
        expect([page.url(), await sign.innerText()]).toEqual([
          page.url(),
          expect.stringMatching(/^stale since \d/),
        ]);
      }
    } finally {
      redis.thaw();
    }
    for (const page of pages) await live(page);
  });

  it('Redis stops and starts again: a banner on open pages, a page that explains, nothing typed is lost', async () => {
    const allow = [status(503), /ERR_INCOMPLETE_CHUNKED_ENCODING/];
    const page = await browser.visit(`${web.url}/submit`, { allow });
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
      /503[^]*Redis does not answer[^]*This page retries automatically/,
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
