import { Redis } from 'ioredis';
import { ApiClient } from '../../support/api-client.js';
import { startApp, type RunningApp } from '../../support/processes.js';
import { freePort, RedisServer } from '../../support/redis-server.js';
import { ScratchBuild } from '../../support/scratch-build.js';
import { until } from '../../support/until.js';
import { ChaosProxy } from './chaos-proxy.js';
import { Ledger } from './ledger.js';

interface WorldOptions {
  /** Settings of all apps. */
  env?: Record<string, string>;
  workers?: number;
  /** Which apps reach Redis through the proxy. */
  proxied?: ('web' | 'worker')[];
  redisArgs?: string[];
  /** A folder of `test/support/fixtures`. */
  taskTypes?: string;
  /** Bundles the build anew: for many starts. */
  bundled?: boolean;
}

/** States a task stays in. */
export const SETTLED = ['completed', 'failed', 'cancelled', 'expired'] as const;

/**
 * A Roost to be broken: a redis-server of its own that keeps its data as the product's does, web app, workers, and
 * task types that write into a ledger.
 */
export class World {
  readonly workers: RunningApp[] = [];
  web: RunningApp;
  /** Deeds done to it. */
  readonly kills = { worker: 0, redis: 0, web: 0 };

  private constructor(
    readonly redis: RedisServer,
    readonly proxy: ChaosProxy,
    readonly build: ScratchBuild,
    readonly ledger: Ledger,
    private readonly webPort: number,
    private readonly options: WorldOptions,
  ) {}

  static async start(options: WorldOptions = {}): Promise<World> {
    const redis = await RedisServer.start({ appendOnly: true, args: options.redisArgs ?? [] });
    const proxy = await ChaosProxy.start(redis.port);
    const build = new ScratchBuild(options.taskTypes ?? 'task-types-chaos', {
      bundled: options.bundled ?? false,
    });
    const world = new World(redis, proxy, build, new Ledger(), await freePort(), options);
    const workers = Array.from({ length: options.workers ?? 0 }, () => world.startWorker());
    await Promise.all([world.startWeb(), ...workers]);
    return world;
  }

  get url(): string {
    return `http://127.0.0.1:${this.webPort}`;
  }

  get api(): ApiClient {
    return new ApiClient(this.url);
  }

  /** On the same port each time: a client finds it again. */
  async startWeb(env: Record<string, string> = {}): Promise<void> {
    this.web = await startApp(
      'web',
      { ...this.env('web'), PORT: String(this.webPort), ...env },
      this.build.folder,
    );
  }

  async startWorker(env: Record<string, string> = {}): Promise<RunningApp> {
    const worker = await startApp('worker', { ...this.env('worker'), ...env }, this.build.folder);
    this.workers.push(worker);
    return worker;
  }

  async killWorker(worker: RunningApp): Promise<void> {
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.kills.worker++;
    await worker.kill();
  }

  async killWeb(): Promise<void> {
    this.kills.web++;
    await this.web.kill();
  }

  async killRedis(): Promise<void> {
    this.kills.redis++;
    await this.redis.kill();
  }

  /** Asks Redis itself, past everything of ours. */
  async withRedis<T>(ask: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.redis.url);
    try {
      return await ask(redis);
    } finally {
      redis.disconnect();
    }
  }

  /** How many of these tasks are in each state, as Redis's own sets say; `nowhere` for those in none. */
  async states(ids: string[], queue = 'default'): Promise<Record<string, number>> {
    return this.withRedis(async (redis) => {
      const counts: Record<string, number> = {};
      const base = `roost:${queue}:`;
      const lists = new Map<string, string>();
      for (const list of ['wait', 'active', 'paused']) {
        for (const id of await redis.lrange(base + list, 0, -1))
          lists.set(id, list === 'active' ? 'active' : 'waiting');
      }
      for (let from = 0; from < ids.length; from += 1000) {
        const part = ids.slice(from, from + 1000);
        const sets = [...SETTLED, 'delayed', 'prioritized'];
        const pipeline = redis.pipeline();
        for (const id of part) for (const set of sets) pipeline.zscore(base + set, id);
        const rows = (await pipeline.exec())!;
        part.forEach((id, i) => {
          const at = sets.findIndex((_, s) => rows[i * sets.length + s]![1] !== null);
          const state = at >= 0 ? sets[at]! : (lists.get(id) ?? 'nowhere');
          counts[state] = (counts[state] ?? 0) + 1;
        });
      }
      return counts;
    });
  }

  /** Why those of them that failed did. */
  async failures(ids: string[]): Promise<string[]> {
    const { items } = await this.api.get<{
      items: { id: string; error?: { name: string; message: string } }[];
    }>('/api/v1/tasks?state=failed&limit=200');
    return items
      .filter(({ id }) => ids.includes(id))
      .map(({ error }) => `${error?.name}: ${error?.message.slice(0, 200)}`);
  }

  /** Waits until all of them are settled; the states they are in then, or at the time limit. */
  async drained(ids: string[], limitMs: number, queue = 'default'): Promise<Record<string, number>> {
    const isSettled = (counts: Record<string, number>) =>
      SETTLED.reduce((sum, state) => sum + (counts[state] ?? 0), 0) === ids.length;
    let counts: Record<string, number> = {};
    await until(
      'all tasks are settled',
      async () => isSettled((counts = await this.states(ids, queue))),
      limitMs,
    ).catch(() => undefined);
    return counts;
  }

  async stop(): Promise<void> {
    await Promise.all([this.web.stop(), ...this.workers.map((worker) => worker.stop())]);
    await this.proxy.stop();
    await this.redis.remove();
    this.build.remove();
    this.ledger.remove();
  }

  private env(app: 'web' | 'worker'): Record<string, string> {
    const port = this.options.proxied?.includes(app) ? this.proxy.port : this.redis.port;
    return {
      REDIS_URL: `redis://127.0.0.1:${port}`,
      LEDGER_FILE: this.ledger.file,
      ...this.options.env,
    };
  }
}
