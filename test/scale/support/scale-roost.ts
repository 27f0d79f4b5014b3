import { Redis } from 'ioredis';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '../../support/api-client.js';
import { startApp, type RunningApp } from '../../support/processes.js';
import { RedisServer } from '../../support/redis-server.js';
import { ScratchBuild } from '../../support/scratch-build.js';
import { until } from '../../support/until.js';

const WAIT = 'roost:default:wait';
const ACTIVE = 'roost:default:active';

interface ScaleOptions {
  appendOnly?: boolean;
  /** Environment of the web app and of every worker. */
  env?: Record<string, string>;
  /** Environment of the web app alone. */
  webEnv?: Record<string, string>;
}

/** A Roost with the bench's task types on a Redis of its own, for a load on its default queue. */
export class ScaleRoost {
  web!: RunningApp;
  api!: ApiClient;
  private workers: RunningApp[] = [];

  private constructor(
    private readonly folder: string,
    readonly server: RedisServer,
    readonly redis: Redis,
    private readonly build: ScratchBuild,
    private readonly env: Record<string, string>,
  ) {}

  static async start({ appendOnly = false, env = {}, webEnv = {} }: ScaleOptions = {}): Promise<ScaleRoost> {
    const folder = mkdtempSync(join(tmpdir(), 'roost-scale-'));
    const server = await RedisServer.start({ appendOnly });
    const build = new ScratchBuild('../../bench/task-types');
    const roost = new ScaleRoost(folder, server, new Redis(server.url), build, {
      REDIS_URL: server.url,
      HISTORY_URL: `file:${join(folder, 'history.db')}`,
      LOG_LEVEL: 'warn',
      // Old tasks leave all the while, as they do where it has run for long.
      TASK_RETENTION_COMPLETED_COUNT: '2000',
      ...env,
    });
    roost.web = await startApp('web', { ...roost.env, ...webEnv }, build.folder);
    roost.api = new ApiClient(roost.web.url!);
    return roost;
  }

  async startWorker(env: Record<string, string> = {}): Promise<RunningApp> {
    const worker = await startApp('worker', { ...this.env, ...env }, this.build.folder);
    this.workers.push(worker);
    return worker;
  }

  async stopWorkers(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
    this.workers = [];
  }

  waiting(): Promise<number> {
    return this.redis.llen(WAIT);
  }

  /** Nobody waits or runs any more. */
  async drained(limitMs: number): Promise<void> {
    await until(
      'all have run',
      async () => {
        const [waiting, active] = await Promise.all([this.waiting(), this.redis.llen(ACTIVE)]);
        return waiting + active === 0;
      },
      limitMs,
    );
  }

  async stop(): Promise<void> {
    await Promise.all([this.stopWorkers(), this.web.stop()]);
    this.redis.disconnect();
    await this.server.remove();
    this.build.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
