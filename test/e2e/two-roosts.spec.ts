import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../support/api-client.js';
import { projectRoot, TestProcess } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';

const HOUR_MS = 3_600_000;

interface RoostOptions {
  types: string[];
  redisAheadMs?: number;
  env: Record<string, string>;
}

interface Ready {
  type: 'ready';
  urls: string[];
  crashHandlers: number;
  host: { isQueue: boolean; isFound: boolean; prefix: string }[];
}

/** Several Roosts, or one in a host's Nest apps, in one child process. */
class OneProcess {
  private readonly folder = mkdtempSync(join(tmpdir(), 'roost-one-process-'));
  private process: TestProcess;
  apis: ApiClient[];
  ready: Ready;

  async start(mode: string, redis: RedisServer, roosts: RoostOptions[]): Promise<void> {
    const script = join(projectRoot, 'test/support/fixtures/one-process.mjs');
    const given = roosts.map(({ env, ...rest }, i) =>
      JSON.stringify({ ...rest, env: { HISTORY_URL: `file:${join(this.folder, `${i}.db`)}`, ...env } }),
    );
    const env = { HOST_REDIS_URL: redis.url, LOG_DIR: this.folder };
    this.process = new TestProcess('one process', process.execPath, [script, mode, ...given], {
      cwd: projectRoot,
      env,
      ipc: true,
    });
    this.ready = await this.process.waitForMessage<Ready>('ready');
    this.apis = this.ready.urls.map((url) => new ApiClient(url));
  }

  async runHostJob(name: string): Promise<{ prefix: string }> {
    this.process.send({ addHostJob: name });
    return this.process.waitForMessage<{ type: string; prefix: string }>(`host ran ${name}`);
  }

  get hostRuns(): number {
    return this.process.messages.filter((one) => (one as { type: string }).type.startsWith('host ran'))
      .length;
  }

  async stop(): Promise<void> {
    expect(await this.process.stop()).toEqual({ code: 0, signal: null });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe('two Roosts in one process', () => {
  const child = new OneProcess();
  let servers: RedisServer[];
  let a: ApiClient;
  let b: ApiClient;

  beforeAll(async () => {
    servers = await Promise.all([RedisServer.start(), RedisServer.start()]);
    await child.start('two-roosts', servers[0]!, [
      {
        types: ['divide'],
        env: {
          REDIS_URL: servers[0]!.url,
          QUEUE_PREFIX: 'first',
          QUEUES: 'alpha',
          WORKER_NAME: 'worker-a',
          REDACT: 'input.x',
        },
      },
      {
        types: ['divide', 'process-text'],
        redisAheadMs: HOUR_MS,
        env: { REDIS_URL: servers[1]!.url, QUEUE_PREFIX: 'second', QUEUES: 'beta', WORKER_NAME: 'worker-b' },
      },
    ]);
    [a, b] = child.apis as [ApiClient, ApiClient];
  });

  afterAll(async () => {
    await child.stop();
    await Promise.all(servers.map((server) => server.remove()));
  });

  const submitted = async (api: ApiClient, options?: object) => {
    const { id } = await api.submit('divide', { x: 6, y: 3 }, options);
    return api.inState(id, ['completed', 'failed']);
  };
  const names = async (api: ApiClient, path: string) => {
    const { items } = await api.get<{ items: { name: string }[] }>(path);
    return items.map(({ name }) => name).sort();
  };

  it('have their own queues, task types and workers', async () => {
    expect(await names(a, '/api/v1/queues')).toEqual(['alpha', 'default']);
    expect(await names(b, '/api/v1/queues')).toContain('beta');
    expect(await names(b, '/api/v1/queues')).not.toContain('alpha');
    expect(await names(a, '/api/v1/task-types')).toEqual(['divide']);
    expect(await names(b, '/api/v1/task-types')).toEqual(['divide', 'process-text']);
    expect(await names(a, '/api/v1/workers')).toEqual(['worker-a']);
    expect(await names(b, '/api/v1/workers')).toEqual(['worker-b']);
  });

  it('complete tasks, each with its own worker and by its own redaction', async () => {
    const [first, second] = await Promise.all([submitted(a), submitted(b)]);
    expect(first).toMatchObject({ state: 'completed', worker: 'worker-a', input: { x: '[hidden]', y: 3 } });
    expect(second).toMatchObject({ state: 'completed', worker: 'worker-b', input: { x: 6, y: 3 } });
    // The id is one that a Roost gave out, and the second has no such task.
    expect((await b.call('GET', `/api/v1/tasks/${first.id}`)).status).toBe(410);
    const keys = await Promise.all(
      servers.map(async ({ url }) => {
        const redis = new Redis(url);
        const found = await redis.keys('*');
        redis.disconnect();
        return [...new Set(found.map((key) => key.split(':', 1)[0]))];
      }),
    );
    expect(keys).toEqual([['first'], ['second']]);
  });

  it('correct their clocks each by its own Redis', async () => {
    const from = Date.now();
    const [first, second] = await Promise.all([
      submitted(a, { delayMs: 300 }),
      submitted(b, { delayMs: 300 }),
    ]);
    const elapsed = Date.now() - from;
    for (const [task, aheadMs] of [
      [first, 0],
      [second, HOUR_MS],
    ] as const) {
      expect(task.state).toBe('completed');
      for (const time of [task.createdAt, task.startedAt, task.finishedAt]) {
        const ms = Date.parse(time!) - from - aheadMs;
        expect(ms).toBeGreaterThan(-2_000);
        expect(ms).toBeLessThan(elapsed + 2_000);
      }
    }
  });
});

describe.each(['host-first', 'roost-first'])('a Roost in a host with its own BullModule, %s', (mode) => {
  const child = new OneProcess();
  let redis: RedisServer;
  let hostRedis: RedisServer;
  let api: ApiClient;

  beforeAll(async () => {
    [redis, hostRedis] = await Promise.all([RedisServer.start(), RedisServer.start()]);
    const env = { REDIS_URL: redis.url, QUEUE_PREFIX: 'guest', WORKER_NAME: 'guest-worker' };
    await child.start(mode, hostRedis, [{ types: ['divide'], env }]);
    [api] = child.apis as [ApiClient];
  });

  afterAll(async () => {
    await child.stop();
    await Promise.all([redis.remove(), hostRedis.remove()]);
  });

  it('leaves the host its process and its queue of the same name', () => {
    expect(child.ready.crashHandlers).toBe(0);
    const own = { isQueue: true, isFound: true, prefix: 'host' };
    expect(child.ready.host).toEqual([own, own]);
  });

  it('runs its tasks, and the host its own jobs', async () => {
    expect(await child.runHostJob('host-job-1')).toMatchObject({ prefix: 'host' });
    const { id } = await api.submit('divide', { x: 6, y: 3 });
    expect(await api.inState(id, ['completed', 'failed'])).toMatchObject({
      state: 'completed',
      worker: 'guest-worker',
    });
    expect(await child.runHostJob('host-job-2')).toMatchObject({ prefix: 'host' });
    expect(child.hostRuns).toBe(2);
    const { counts } = await api.get<{ counts: Record<string, number> }>('/api/v1/queues/default');
    expect(counts).toMatchObject({ completed: 1, waiting: 0 });
  });
});
