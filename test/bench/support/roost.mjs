import { Queue } from 'bullmq';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { BenchProcess } from './processes.mjs';
import { until } from './until.mjs';

const PREFIX = 'roost';
/** Tasks of one call of the bulk API, their bytes, and calls at once. */
const BULK = 1000;
const BULK_BYTES = 3_000_000;
const CALLS = 2;
const RECORDED_LIMIT_MS = 120_000;

/** A whole Roost as one runs it: its own Redis, the web app and workers, each a process of its own, default settings. */
export class BenchRoost {
  static async start(
    context,
    { workers = 1, web = true, env = {}, redisArgs, concurrency = 50, nodeArgs = [], build } = {},
  ) {
    const roost = new BenchRoost();
    roost.build = build ?? context.build;
    roost.nodeArgs = [...context.nodeArgs, ...nodeArgs];
    roost.folder = mkdtempSync(join(context.scratch, 'roost-'));
    roost.redis = await context.startRedis(redisArgs);
    roost.env = {
      REDIS_URL: roost.redis.url,
      PORT: '0',
      WORKER_CONCURRENCY: String(concurrency),
      // The check is made, but nobody is sent away.
      RATE_LIMIT_PER_MINUTE: '10000000',
      ...env,
    };
    roost.queue = new Queue('default', { prefix: PREFIX, connection: roost.redis.client });
    roost.queue.on('error', () => undefined);
    /** Sent with every call, where the door is closed. */
    roost.headers = {};
    roost.workers = [];
    const [app] = await Promise.all([
      web ? roost.startApp('web', roost.build.web) : undefined,
      ...Array.from({ length: workers }, () => roost.startWorker()),
    ]);
    roost.web = app;
    roost.url = app?.url;
    return roost;
  }

  async startApp(name, script, env = {}) {
    const app = new BenchProcess(name, process.execPath, ['--enable-source-maps', ...this.nodeArgs, script], {
      cwd: this.folder,
      env: { ...this.env, ...env },
      ipc: true,
    });
    const { url } = await app.message('ready');
    return Object.assign(app, { url });
  }

  async startWorker(env) {
    const worker = await this.startApp('worker', this.build.worker, env);
    this.workers.push(worker);
    return worker;
  }

  async call(method, path, body) {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...this.headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text.slice(0, 300)}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Hands in `count` tasks over the API; `input` gives that of the i-th. */
  async submit(type, count, input = (i) => ({ n: i })) {
    const most = Math.min(BULK, Math.floor(BULK_BYTES / JSON.stringify({ type, input: input(0) }).length));
    let next = 0;
    const hand = async () => {
      while (next < count) {
        const from = next;
        next = Math.min(count, from + most);
        const body = Array.from({ length: next - from }, (_, i) => ({ type, input: input(from + i) }));
        const { refused, items } = await this.call('POST', '/api/v1/tasks/bulk', body);
        if (refused > 0) throw new Error(`refused: ${JSON.stringify(items.find(({ ok }) => !ok))}`);
      }
    };
    await Promise.all(Array.from({ length: CALLS }, hand));
  }

  pause() {
    return this.call('POST', '/api/v1/queues/default/pause');
  }

  resume() {
    return this.call('POST', '/api/v1/queues/default/resume');
  }

  /** All that has happened so far is in the history. */
  async recorded() {
    const [last] = await this.redis.client.xrevrange(this.queue.toKey('events'), '+', '-', 'COUNT', 1);
    if (!last) return;
    const isThere = async () => {
      const { recorder } = await this.call('GET', '/api/v1/history');
      const place = recorder.queues.find(({ name }) => name === this.queue.name)?.place;
      return place !== undefined && !isBefore(place, last[0]);
    };
    await until('the history has caught up', isThere, { limitMs: RECORDED_LIMIT_MS, everyMs: 50 });
  }

  /** The next one is to find a machine at rest, and room: of the completed ones the newest 100,000 are kept. */
  async settle() {
    await this.recorded();
    await this.call('POST', '/api/v1/queues/default/clean', { state: 'completed', olderThanMs: 0 });
    await this.recorded();
  }

  async stop() {
    await Promise.all([this.web?.stop(), ...this.workers.map((worker) => worker.stop())]);
    await this.redis.stop();
  }
}

/** Places in a stream, `<ms>-<n>`. */
function isBefore(one, other) {
  const [[ms, n], [otherMs, otherN]] = [one, other].map((place) => place.split('-').map(Number));
  return ms < otherMs || (ms === otherMs && n < otherN);
}
