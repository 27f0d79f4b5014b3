import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { hashPassword } from '../../src/access/password.js';
import type { WorkerRecord } from '../../src/fleet/worker-record.js';
import { BrowserClient } from '../support/browser-client.js';
import { describeInBrowser, live, status, useBrowser } from '../support/browser.js';
import { expectSafe, HOSTILE, TAG } from '../support/hostile-text.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { registeredRoutes } from '../support/registered-routes.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { until } from '../support/until.js';

const PASSWORD = 'a password for people';
/** What one may answer a hostile address with. */
const REFUSALS = [400, 403, 404, 409, 410, 422].map(status);
/** Of a query; whatever of it a page does not know must not matter. */
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
/** A queue of another program; BullMQ takes all but colons. */
const FOREIGN = TAG.replaceAll(':', '');
const NO_PAGES = /^\/(api|health|metrics|login|logout)(\/|$)/;

describeInBrowser('hostile text in every field', () => {
  const browser = useBrowser();
  let build: ScratchBuild;
  let server: RedisServer;
  let redis: Redis;
  let folder: string;
  let env: Record<string, string>;
  let apps: RunningApp[];
  let url: string;
  let ada: BrowserClient;
  let csrf: Record<string, string>;
  /** With `{id}` and the like still in them. */
  let routes: string[];
  let known: Record<string, string[]>;

  const call = async <T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<T> => {
    const { status: code, text } = await ada.call(method, path, body, csrf);
    if (code >= 300) throw new Error(`${method} ${path}: ${code} ${text.slice(0, 500)}`);
    return (text ? JSON.parse(text) : undefined) as T;
  };
  const submit = async (fail: boolean, options: object = {}) => {
    const body = { type: 'parrot', input: { words: HOSTILE, fail }, options: { tags: [TAG], ...options } };
    return (await call<{ id: string }>('POST', '/api/v1/tasks', body)).id;
  };

  beforeAll(async () => {
    build = new ScratchBuild('task-types-parrot');
    server = await RedisServer.start();
    redis = new Redis(server.url, { maxRetriesPerRequest: null });
    folder = mkdtempSync(join(tmpdir(), 'roost-hostile-'));
    env = {
      REDIS_URL: server.url,
      LOG_DIR: folder,
      HISTORY_URL: `file:${join(folder, 'history.db')}`,
      ACCESS_USERS: `ada:admin:${await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 })}`,
    };
    apps = await Promise.all([startApp('web', env, build.folder), startApp('worker', env, build.folder)]);
    url = apps[0]!.url!;
    ada = new BrowserClient(url);
    await ada.signIn('ada', PASSWORD);
    csrf = { 'x-csrf-token': await ada.csrf(), 'user-agent': HOSTILE.replaceAll(/[^\x20-\x7e]/g, '') };
    routes = (await registeredRoutes({ env }))
      .filter((route) => route.startsWith('GET '))
      .map((route) => route.slice(4))
      .filter((path) => !NO_PAGES.test(path));
    known = await fillEveryField();
  }, 60_000);

  afterAll(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    redis.disconnect();
    await server.remove();
    build.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Hostile text wherever somebody can put some: people, clients, handlers, other programs, whoever writes to Redis. */
  async function fillEveryField(): Promise<Record<string, string[]>> {
    const tasks = [
      await submit(false),
      await submit(true),
      await submit(true, { delayMs: 3_600_000 }),
      await submit(false, { delayMs: 3_600_000 }),
    ];
    await call('POST', `/api/v1/tasks/${tasks[2]}/cancel`, { reason: TAG });
    await call('POST', '/api/v1/queues/cpu/pause', { reason: TAG });
    await call('PUT', '/api/v1/limits/parrot', { rate: { max: 1000, perMs: 1000 }, reason: TAG });
    await call('POST', '/api/v1/searches', { name: TAG, q: `"${TAG.replaceAll('"', '')}"` });
    await call('POST', '/api/v1/tokens', { name: TAG, permissions: ['tasks.read'] });
    const bulk = await call<{ id: string }>('POST', '/api/v1/bulk-actions', {
      action: 'delete',
      q: `type:"${TAG.replaceAll('"', '')}"`,
      reason: TAG,
    });

    // Another program, with names of its own choosing, and one that died with them.
    const queue = new Queue(FOREIGN, { connection: redis });
    const worker = new Worker(
      FOREIGN,
      () => {
        throw Object.assign(new Error(HOSTILE), {
          name: TAG,
          stack: `${TAG}: ${HOSTILE}\n    at ${HOSTILE} (${TAG})`,
        });
      },
      { connection: redis, name: TAG },
    );
    worker.on('error', () => undefined);
    const failed = new Promise((resolve) => worker.once('failed', resolve));
    const job = await queue.add(TAG, { [TAG]: HOSTILE }, { jobId: 'foreign-1' });
    await failed;
    await worker.close();
    await queue.close();

    const [{ id: ours }] = (await call<{ items: { id: string }[] }>('GET', '/api/v1/workers')).items as [
      { id: string },
    ];
    const record = JSON.parse((await redis.get(`roost:fleet:${ours}`))!) as WorkerRecord;
    const hostile: WorkerRecord = {
      ...record,
      ...{
        id: 'hostile',
        name: TAG,
        host: TAG,
        args: [TAG],
        settings: { [TAG]: TAG, REDIS_URL: TAG },
        left: TAG,
      },
      versions: { app: TAG, roost: TAG, node: TAG, bullmq: TAG },
      consumers: [{ queue: TAG, concurrency: 1, active: 1, paused: false, autoscale: null }],
      taskTypes: [{ name: TAG, queue: TAG, isolated: true }],
      paused: { by: TAG, at: Date.now(), reason: TAG },
      byType: { [TAG]: record.totals },
    };
    await redis.zadd('roost:fleet', Date.now(), 'hostile');
    await redis.set('roost:fleet:hostile', JSON.stringify(hostile));

    let groups: { fingerprint: string }[] = [];
    await until('both failures are recorded', async () => {
      groups = (await call<{ items: typeof groups }>('GET', '/api/v1/errors')).items;
      return groups.length >= 2;
    });
    for (const { fingerprint } of groups)
      await call('POST', `/api/v1/errors/${fingerprint}/ignore`, { note: TAG });
    return {
      tasks: [...tasks, job.id!],
      errors: groups.map(({ fingerprint }) => fingerprint),
      workers: ['hostile', encodeURIComponent(ours)],
      queues: ['default', 'cpu'],
      bulk: [bulk.id],
    };
  }

  /** A signed-in window; what it complains of fails the test. */
  const window = async (): Promise<Page> => {
    const cookies = [...ada.cookies].map(([name, value]) => ({
      name,
      value,
      domain: '127.0.0.1',
      path: '/',
      expires: -1,
      httpOnly: true,
      secure: false,
      sameSite: 'Lax' as const,
    }));
    return browser.visit(`${url}/`, { allow: REFUSALS, storageState: { cookies, origins: [] } });
  };
  /** Every page there is, with what is known in its address. */
  const pages = () =>
    routes.flatMap((route) => {
      const room = route.startsWith('/tasks/bulk')
        ? 'bulk'
        : (/^\/(?:monitor\/)?(\w+)/.exec(route)?.[1] ?? '');
      const acts = route.replace(/\{act\}/g, 'drain');
      if (!acts.includes('{')) return [acts];
      expect([route, known[room]]).toEqual([route, expect.anything()]);
      return known[room]!.map((id) => acts.replace(/\{\w+\}/, id));
    });

  it('stays text on every page the router has', async () => {
    expect(pages().length).toBeGreaterThan(20);
    const page = await window();
    let seen = 0;
    for (const path of [
      ...pages(),
      '/tasks?columns=type,input,result,error,tags,queue,worker',
      '/monitor/errors?state=all',
      '/monitor/audit?q=img',
      `/tasks/foreign-1?queue=${encodeURIComponent(`bull:${FOREIGN}`)}`,
      `/monitor/queues/${encodeURIComponent(`bull:${FOREIGN}`)}`,
      `/tasks?queue=${encodeURIComponent(`bull:${FOREIGN}`)}`,
    ]) {
      await page.goto(path);
      await expectSafe(page);
      if ((await page.textContent('body'))?.includes('<img src=x onerror=alert(5)>')) seen++;
    }
    // It is there to be seen, and not only left out.
    expect(seen).toBeGreaterThan(12);
  }, 120_000);

  it('stays text in the query of every page', async () => {
    const page = await window();
    const query = NAMES.map((name) => `${name}=${encodeURIComponent(TAG)}`).join('&');
    for (const path of pages()) {
      await page.goto(`${path}?${query}`);
      await expectSafe(page);
    }
  }, 120_000);

  it('stays text in every part of an address', async () => {
    const page = await window();
    for (const route of routes.filter((one) => one.includes('{'))) {
      for (const text of [TAG, `javascript:alert(6)//`, `..%2f${TAG}`]) {
        await page.goto(route.replace(/\{\w+\}/g, encodeURIComponent(text)));
        await expectSafe(page);
      }
    }
  }, 120_000);

  it('stays text where it comes while one looks', async () => {
    const page = await window();
    const id = known.tasks![3]!;
    await page.goto(`/tasks/${id}`);
    await live(page);
    await call('POST', `/api/v1/tasks/${id}/promote`);
    await page.locator('#task-state .word', { hasText: /^completed$/ }).waitFor();
    await page.locator('#log .line').first().waitFor();
    await expectSafe(page);
    expect(await page.textContent('#progress-message')).toBe(HOSTILE.slice(0, 200));
  });

  it('stays data in what is taken away as a file', async () => {
    for (const [format, type] of [
      ['csv', 'text/csv'],
      ['ndjson', 'application/x-ndjson'],
    ] as const) {
      for (const what of ['tasks', 'audit']) {
        const { headers, text } = await ada.get(`/api/v1/${what}/export?format=${format}`);
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
