import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue, Worker } from 'bullmq';
import { ApiClient } from '../support/api-client.js';
import { parseMetrics } from '../support/prometheus.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const GOOD = { x: 22, y: 7 };
const BAD = { x: 1, y: 0 };
/** Would end a label, a line or a table, were it not escaped. */
const HOSTILE = 'a"b\\c\nd{e}';

interface Numbers {
  at: string;
  name?: string;
  added: number;
  completed: number;
  failed: number;
  failureRate: number | null;
  wait: { count: number; p95Ms: number | null };
  run: { count: number; p50Ms: number | null };
}
interface Answer {
  items: Numbers[];
  total: Numbers;
}
interface Group {
  fingerprint: string;
  state: string;
  count: number;
  sample: string;
  note?: string;
  by?: string;
  regressedAt?: string;
  versions: { version: string; count: number }[];
  workers: { worker: string; count: number }[];
  failedTasks: { total: number };
  tasks: { id: string }[];
}

describe('numbers, errors and metrics', () => {
  let roost: Roost;
  let api: ApiClient;
  const failed: string[] = [];

  const numbers = (query = '') => api.get<Answer>(`/api/v1/stats${query}`);
  const errors = (query = '') => api.get<{ items: Group[]; total: number }>(`/api/v1/errors${query}`);
  const metrics = async () => parseMetrics(await (await fetch(`${roost.url}/metrics`)).text());
  const events = async (event: string, type = 'divide') =>
    (await metrics())
      .get('roost_task_events_total')!
      .lines.find(({ labels }) => labels.event === event && labels.type === type)?.value;

  beforeAll(async () => {
    roost = await Roost.start({ env: { APP_VERSION: '1.5.0+abc', WORKER_NAME: 'numbers-1' } });
    api = new ApiClient(roost.url);
    for (let i = 0; i < 5; i++) await api.submit('divide', GOOD);
    for (let i = 0; i < 3; i++) failed.push((await api.submit('divide', BAD)).id);
    await until('all are recorded', async () => (await numbers()).total.run.count === 8);
  });

  afterAll(() => roost.stop());

  it('are answered under their deprecated name too, with the same refusals', async () => {
    const { items, total } = await numbers('?range=24h&by=type');
    expect(await api.get('/api/v1/numbers?range=24h&by=type')).toMatchObject({ items, total });
    expect((await fetch(`${roost.url}/api/v1/numbers?by=nothing`)).status).toBe(400);
  });

  it('count known tasks exactly, by minute, type, queue and worker', async () => {
    const { items, total } = await numbers();
    expect(total).toMatchObject({ added: 8, completed: 5, failed: 3, failureRate: 0.375 });
    expect(items.reduce((sum, { completed }) => sum + completed, 0)).toBe(5);
    for (const by of ['type', 'queue', 'worker']) {
      const answer = await numbers(`?by=${by}`);
      const name = { type: 'divide', queue: 'default', worker: 'numbers-1' }[by];
      expect(answer.items).toMatchObject([{ name, completed: 5, failed: 3 }]);
    }
    const now = new Date(Date.now() + 60_000).toISOString();
    for (const query of ['?range=24h', '?range=7d', '?range=30d', `?from=2026-01-01&to=${now}&step=day`])
      expect([query, (await numbers(query)).total]).toMatchObject([query, { completed: 5, failed: 3 }]);
    expect((await numbers('?from=2020-01-01&to=2020-01-02')).total).toMatchObject({
      added: 0,
      failureRate: null,
    });
    expect((await numbers('?by=type&queue=none')).items).toEqual([]);
  });

  it('count tasks of other programs, and tell the depth of their queues', async () => {
    const connection = { url: roost.redis.url };
    const queue = new Queue('mail', { connection });
    const worker = new Worker('mail', async () => 'sent', { connection });
    try {
      await queue.addBulk([1, 2, 3].map((n) => ({ name: HOSTILE, data: { n } })));
      await until('they are counted', async () => (await events('completed', HOSTILE)) === 3);
      expect((await numbers('?by=queue')).items).toMatchObject([
        { name: 'bull:mail', completed: 3 },
        { name: 'default', completed: 5 },
      ]);
      await worker.pause();
      await queue.add('later', {}, { delay: 3_600_000 });
      await until('the depth is told', async () =>
        (await metrics())
          .get('roost_queue_tasks')!
          .lines.some(
            ({ labels, value }) => labels.queue === 'bull:mail' && labels.state === 'delayed' && value === 1,
          ),
      );
      expect((await fetch(`${roost.url}/monitor`)).status).toBe(200);
    } finally {
      await worker.close();
      await queue.close();
    }
  });

  it('put failures of one kind together, with the version and worker they hit', async () => {
    const { items, total } = await errors('?q=division');
    expect(total).toBe(1);
    expect(items[0]).toMatchObject({ state: 'open', count: 3 });
    const group = await api.get<Group>(`/api/v1/errors/${items[0]!.fingerprint}`);
    expect(group).toMatchObject({
      versions: [{ version: '1.5.0+abc', count: 3 }],
      workers: [{ worker: 'numbers-1', count: 3 }],
      failedTasks: { total: 3 },
    });
    expect(group.tasks.map(({ id }) => id).sort()).toEqual([...failed].sort());
    const { items: attempts } = await api.get<{ items: { version?: string }[] }>(
      `/api/v1/tasks/${failed[0]}/attempts`,
    );
    expect(attempts).toMatchObject([{ version: '1.5.0+abc' }]);
  });

  it('show that what was resolved is back, and since when', async () => {
    const [{ fingerprint }] = (await errors()).items as [Group];
    const act = async (name: string, body?: object) =>
      (await (await api.call('POST', `/api/v1/errors/${fingerprint}/${name}`, body)).json()) as Group;
    const note = 'Put right in 1.6.0';
    expect(await act('resolve', { note })).toMatchObject({ state: 'resolved', note, by: 'api' });
    expect((await errors('?state=open,regressed')).total).toBe(0);
    const since = Date.now();
    await api.submit('divide', BAD);
    const back = await until('it is back', async () => {
      const { items } = await errors('?state=regressed');
      return items[0];
    });
    expect(back).toMatchObject({ fingerprint, count: 4, note });
    expect(Date.parse(back.regressedAt!)).toBeGreaterThanOrEqual(since - 1_000);
    expect(await act('ignore')).toMatchObject({ state: 'ignored', note });
    expect((await act('reopen')).state).toBe('open');
    expect((await fetch(`${roost.url}/api/v1/errors/0000000000000000`)).status).toBe(404);
  });

  it('are told to Prometheus in good form', async () => {
    const response = await fetch(`${roost.url}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = parseMetrics(await response.text());
    const value = (name: string, labels: Record<string, string> = {}) =>
      families
        .get(name)!
        .lines.find((line) => Object.entries(labels).every(([key, text]) => line.labels[key] === text))
        ?.value;
    expect(value('roost_redis_up')).toBe(1);
    expect(value('roost_history_up')).toBe(1);
    expect(value('roost_workers')).toBe(1);
    expect(value('roost_worker_online', { worker: 'numbers-1' })).toBe(1);
    expect(value('roost_worker_attempts_total', { worker: 'numbers-1', outcome: 'completed' })).toBe(5);
    expect(value('roost_task_events_total', { type: 'divide', event: 'failed' })).toBe(4);
    expect(value('roost_queue_workers', { queue: 'cpu' })).toBe(1);
    expect(value('roost_error_groups', { state: 'open' })).toBe(1);
    const runs = families
      .get('roost_task_run_seconds')!
      .lines.filter(({ labels }) => labels.type === 'divide');
    expect(runs.at(-1)).toMatchObject({ name: 'roost_task_run_seconds_count', value: 9 });
    expect(families.get('nodejs_eventloop_lag_p99_seconds')!.lines).toHaveLength(1);
  });

  it('answer from the history while Redis is away', async () => {
    await roost.redis.stop();
    await until('it is noticed', async () => (await metrics()).get('roost_redis_up')!.lines[0]!.value === 0);
    const families = await metrics();
    expect(families.get('roost_queue_tasks')!.lines).toEqual([]);
    expect(await events('failed')).toBe(4);
    const page = await fetch(`${roost.url}/monitor?range=24h`);
    expect(page.status).toBe(503);
    expect(await page.text()).toMatch(/Redis does not answer[^]*number-throughput/);
    expect((await fetch(`${roost.url}/monitor/errors`)).status).toBe(200);
  });
});
