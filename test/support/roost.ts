import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp, type RunningApp } from './processes.js';
import { RedisServer } from './redis-server.js';

interface RoostOptions {
  /** Settings of both apps. Specs that read the log set `LOG_LEVEL`. */
  env?: Record<string, string>;
  /** Without one, tasks stay where they are. */
  worker?: boolean;
  /** Two web apps, as behind a proxy. */
  twoWebs?: boolean;
  /** In the URL of Redis, which takes any: to see where it turns up. */
  password?: string;
}

/** A whole Roost for one spec file: a private Redis, the web app and a worker, each a process of its own. */
export class Roost {
  private constructor(
    readonly redis: RedisServer,
    readonly env: Record<string, string>,
    readonly logDir: string,
    readonly web: RunningApp,
    private readonly otherWeb: RunningApp | undefined,
    private worker: RunningApp | undefined,
  ) {}

  static async start({
    env = {},
    worker = true,
    twoWebs = false,
    password,
  }: RoostOptions = {}): Promise<Roost> {
    const redis = await RedisServer.start();
    const logDir = mkdtempSync(join(tmpdir(), 'roost-logs-'));
    const url =
      password === undefined ? redis.url : redis.url.replace('redis://', `redis://default:${password}@`);
    const all = {
      REDIS_URL: url,
      LOG_DIR: logDir,
      HISTORY_URL: `file:${join(logDir, 'history.db')}`,
      // A line of the log takes as long as the rest of a small request.
      LOG_LEVEL: 'warn',
      ...env,
    };
    const [web, otherWeb, first] = await Promise.all([
      startApp('web', all),
      twoWebs ? startApp('web', all) : undefined,
      worker ? startApp('worker', all) : undefined,
    ]);
    return new Roost(redis, all, logDir, web, otherWeb, first);
  }

  get url(): string {
    return this.web.url!;
  }

  /** Web app beside `web` of a Roost that has two. */
  get second(): RunningApp {
    if (!this.otherWeb) throw new Error('This Roost was started without `twoWebs`.');
    return this.otherWeb;
  }

  get workerIsRunning(): boolean {
    return this.worker?.isRunning === true;
  }

  async startWorker(): Promise<void> {
    this.worker = await startApp('worker', this.env);
  }

  /** Connected, but without an answer, until `thawWorker`. */
  freezeWorker(): void {
    this.worker?.signal('SIGSTOP');
  }

  thawWorker(): void {
    this.worker?.signal('SIGCONT');
  }

  /** All that both apps have logged, to file and terminal. */
  logs(): { web: string; worker: string; terminal: string } {
    const read = (app: string) => readFileSync(join(this.logDir, `${app}.log`), 'utf8');
    return {
      web: read('web'),
      worker: read('worker'),
      terminal: this.web.output + (this.worker?.output ?? ''),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.web.stop(), this.otherWeb?.stop(), this.worker?.stop()]);
    await this.redis.remove();
    rmSync(this.logDir, { recursive: true, force: true });
  }
}
