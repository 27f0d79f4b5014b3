import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from '../support/api-client.js';
import { BrowserClient } from '../support/browser-client.js';
import type { RunningApp } from '../support/processes.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const LATER = { delayMs: 3_600_000 };

describe('how much one may ask for', () => {
  let roost: Roost;
  let second: RunningApp;

  beforeAll(async () => {
    roost = await Roost.start({ worker: false, twoWebs: true, env: { RATE_LIMIT_PER_MINUTE: '60' } });
    second = roost.second;
  });

  afterAll(() => roost.stop());

  /** A minute that has enough left of it. */
  const aMinute = () => until('the minute is young', () => Date.now() % 60_000 < 40_000, 25_000);

  it('is so many calls of the API in a minute, over all web processes; pages are not counted', async () => {
    await aMinute();
    const [here, there] = [roost.url, second.url!].map((url) => new ApiClient(url));
    const ask = async (api: ApiClient) => (await api.call('GET', '/api/v1/me')).status;
    for (let i = 0; i < 40; i++) expect(await ask(here!)).toBe(200);
    let passed = 0;
    await until('the other process knows', async () => {
      const status = await ask(there!);
      if (status === 200) passed++;
      return status === 429;
    });
    // Both know of each other a moment later than of themselves.
    expect(passed).toBeLessThanOrEqual(40);
    const refused = await there!.call('GET', '/api/v1/me');
    const { code, retryAfter } = (await refused.json()) as { code: string; retryAfter: number };
    expect(code).toBe('TOO_MANY_REQUESTS');
    expect(refused.headers.get('retry-after')).toBe(String(retryAfter));
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect((await new BrowserClient(second.url!).get('/tasks')).status).toBe(200);
    expect((await new BrowserClient(second.url!).get('/health/live')).status).toBe(200);
  });
});

describe('how many tasks may wait', () => {
  let roost: Roost;
  let api: ApiClient;

  beforeAll(async () => {
    roost = await Roost.start({ worker: false, env: { QUEUE_LIMIT: '5' } });
    api = new ApiClient(roost.url);
  });

  afterAll(() => roost.stop());

  it('is what QUEUE_LIMIT says, per queue; who used a key before has their task', async () => {
    const body = { type: 'divide', input: { x: 1, y: 2 } };
    const send = (key: string, options = {}) =>
      api.call('POST', '/api/v1/tasks', { ...body, options }, { 'idempotency-key': key });
    const statuses = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => (await send(`key-${i}`, i % 2 ? LATER : {})).status),
    );
    expect(statuses.filter((status) => status === 202)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(7);
    const refused = await send('another');
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ code: 'QUEUE_FULL', queue: 'default', retryAfter: 5 });
    const again = statuses.indexOf(202);
    expect((await send(`key-${again}`, again % 2 ? LATER : {})).status).toBe(200);

    const many = await api.call('POST', '/api/v1/tasks/bulk', [
      body,
      { type: 'count-primes', input: { upTo: 10 } },
    ]);
    expect(await many.json()).toMatchObject({
      accepted: 1,
      items: [{ ok: false, error: { code: 'QUEUE_FULL' } }, { ok: true }],
    });
    const form = await new BrowserClient(roost.url).post('/submit?type=divide', {
      type: 'divide',
      'input.x': '1',
      'input.y': '3',
      key: 'from-the-form',
    });
    expect(form.status).toBe(429);
    expect(form.text).toContain('The queue is full');
  });
});
