import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../support/until.js';
import { nightly, percentile, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const LISTENERS = 1_000;
const TASKS = 50;
const CUT_SHARE = 0.1;
const SLOW = 20;
const RUN_MS = nightly(120_000, 20_000);
const STEPS = Math.round(RUN_MS / 250);

/** Listens to a task the way a browser does: reconnects with the last id. */
class Listener {
  state: string | undefined;
  reconnects = 0;
  toldAt = 0;
  private request: ClientRequest | undefined;
  private lastId: string | undefined;
  private over = false;

  constructor(
    private readonly url: string,
    readonly taskId: string,
  ) {}

  open(): void {
    if (this.over) return;
    const headers = { accept: 'text/event-stream', ...(this.lastId ? { 'last-event-id': this.lastId } : {}) };
    this.request = get(`${this.url}/api/v1/tasks/${this.taskId}/events`, { headers, agent: false });
    this.request.on('error', () => this.again());
    this.request.on('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const messages = (text + chunk).split('\n\n');
        text = messages.pop()!;
        for (const message of messages) this.take(message);
      });
      response.on('close', () => this.again());
      response.on('error', () => undefined);
    });
  }

  /** By somebody else: it comes back. */
  cut(): void {
    this.reconnects++;
    this.request?.destroy();
  }

  close(): void {
    this.over = true;
    this.request?.destroy();
  }

  private again(): void {
    if (!this.over && this.state === undefined) setTimeout(() => this.open(), 100);
  }

  private take(message: string): void {
    const event = /^event: (.*)$/m.exec(message)?.[1];
    this.lastId = /^id: (.*)$/m.exec(message)?.[1] ?? this.lastId;
    if (event !== 'snapshot' && event !== 'state') return;
    const { task } = JSON.parse(/^data: (.*)$/m.exec(message)![1]!) as { task: { state: string } };
    if (!['completed', 'failed', 'cancelled'].includes(task.state)) return;
    this.toldAt ||= Date.now();
    this.state = task.state;
  }
}

describe('R14: a thousand who listen', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ workers: 1, env: { WORKER_CONCURRENCY: String(TASKS) } });
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  const rssMb = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${world.web.pid}/status`, 'utf8'))![1]) / 1024;
  const sockets = () => readdirSync(`/proc/${world.web.pid}/fd`).length;
  const redisClients = () =>
    world.withRedis(
      async (redis) =>
        ((await redis.client('LIST')) as string).split('\n').filter((line) => /name=roost/.test(line)).length,
    );

  it(
    'are all told how it ends, cut off or slow as some are, and nothing stays behind',
    async () => {
      const before = { rssMb: rssMb(), sockets: sockets(), redis: await redisClients() };
      await world.api.call('POST', '/api/v1/queues/default/pause');
      const ids: string[] = [];
      for (let n = 0; n < TASKS; n++)
        ids.push((await world.api.submit('ledger-work', { forMs: RUN_MS, steps: STEPS })).id);
      const ends = new Map<string, number>();
      const listeners = Array.from({ length: LISTENERS }, (_, n) => new Listener(world.url, ids[n % TASKS]!));
      for (const [n, listener] of listeners.entries()) {
        listener.open();
        if (n % 50 === 49) await delay(50);
      }
      const slow: IncomingMessage[] = [];
      for (let n = 0; n < SLOW; n++) {
        const request = get(`${world.url}/api/v1/events`, { agent: false });
        request.on('error', () => undefined);
        request.on('response', (response: IncomingMessage) => {
          response.pause();
          response.on('error', () => undefined);
          slow.push(response);
        });
      }
      await world.api.call('POST', '/api/v1/queues/default/resume');
      let peakMb = 0;
      let cuts = 0;
      const startedAt = Date.now();
      while (Date.now() - startedAt < RUN_MS - 2_000) {
        await delay(500);
        peakMb = Math.max(peakMb, rssMb());
        if (cuts < LISTENERS * CUT_SHARE) {
          for (let n = 0; n < 8; n++, cuts++) random.pick(listeners).cut();
        }
      }
      await until(
        'all tasks have ended',
        () => {
          for (const { kind, id, at } of world.ledger.lines()) if (kind === 'E') ends.set(id, at);
          return ends.size === TASKS;
        },
        60_000,
      );
      await until('everybody knows', () => listeners.every(({ state }) => state !== undefined), 30_000).catch(
        () => undefined,
      );
      const told = listeners.filter(({ state }) => state === 'completed').length;
      const late = listeners.map(({ toldAt, taskId }) => toldAt - ends.get(taskId)!);
      for (const listener of listeners) listener.close();
      for (const response of slow) response.destroy();
      await until('their sockets are closed', () => sockets() <= before.sockets + 5, 20_000).catch(
        () => undefined,
      );
      const after = { sockets: sockets(), redis: await redisClients() };
      printFigures('R14 listeners', random, {
        listeners: LISTENERS,
        cut: listeners.reduce((sum, one) => sum + one.reconnects, 0),
        slowReaders: SLOW,
        progressPerSecond: Math.round((TASKS * STEPS) / (RUN_MS / 1000)),
        toldRight: told,
        lateP95Ms: percentile(late, 0.95),
        rssPeakMb: Math.round(peakMb),
        rssBeforeMb: Math.round(before.rssMb),
        socketsLeft: after.sockets - before.sockets,
        redisConnectionsLeft: after.redis - before.redis,
      });
      expect(cuts).toBeGreaterThan(50);
      expect(told).toBe(LISTENERS);
      expect(peakMb).toBeLessThanOrEqual(400);
      expect(after.redis - before.redis).toBeLessThanOrEqual(0);
      expect(after.sockets - before.sockets).toBeLessThanOrEqual(5);
    },
    RUN_MS + 180_000,
  );
});
