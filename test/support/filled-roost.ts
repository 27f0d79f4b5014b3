import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../src/auth/password.js';
import type { WorkerRecord } from '../../src/workers/worker-record.js';
import { BrowserClient } from './browser-client.js';
import { startApp, type RunningApp } from './processes.js';
import { RedisServer } from './redis-server.js';
import { registeredRoutes } from './registered-routes.js';
import { ScratchBuild } from './scratch-build.js';
import { until } from './until.js';
import { DEFAULT_QUEUE_ONLY } from './worker-settings.js';

const PASSWORD = 'a password for people';
/** A second parrot, of a name as long as some find good. */
export const LONG_TYPE = `parrot${'w'.repeat(109)}`;
const NO_PAGES = /^\/(api|health|metrics|login|logout)(\/|$)/;

/** Values for the fields. */
export interface FieldTexts {
  /** Free text: input, result, progress, log lines, error messages. */
  text: string;
  /** Where at most 60 characters are taken: tags, names of searches. */
  tag: string;
  /** Reasons and notes, which may have 500. */
  reason: string;
  /** Names in other programs: queues (BullMQ takes all but colons), jobs, workers, hosts, versions. */
  name: string;
  /** Id of the other program's job and of the invented worker. */
  id: string;
}

/** Ids for the parameters of routes, by the room of the route. */
export type KnownIds = Record<string, string[]>;

/** Somebody who is signed in. */
export interface SignedIn {
  client: BrowserClient;
  headers: Record<string, string>;
}

/**
 * A whole Roost with users, the task type of `task-types-parrot`, and a way to fill every field that anybody from
 * outside can fill: people, clients, handlers, other programs, whoever writes to Redis.
 */
export class FilledRoost {
  private constructor(
    private readonly build: ScratchBuild,
    private readonly server: RedisServer,
    private readonly redis: Redis,
    private readonly folder: string,
    private readonly apps: RunningApp[],
    /** Paths of pages, with `{id}` and the like still in them. */
    readonly routes: string[],
  ) {}

  static async start(users: string[]): Promise<FilledRoost> {
    const build = new ScratchBuild('task-types-parrot');
    const types = join(build.folder, 'dist/task-types');
    const source = readFileSync(join(types, 'parrot/parrot.task.js'), 'utf8');
    mkdirSync(join(types, LONG_TYPE));
    writeFileSync(
      join(types, LONG_TYPE, `${LONG_TYPE}.task.js`),
      source.replace(/'parrot', title: 'Parrot'/, `'${LONG_TYPE}', title: '${LONG_TYPE}'`),
    );
    const server = await RedisServer.start();
    const folder = mkdtempSync(join(tmpdir(), 'roost-filled-'));
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    const env = {
      REDIS_URL: server.url,
      LOG_DIR: folder,
      HISTORY_URL: `file:${join(folder, 'history.db')}`,
      ACCESS_USERS: users.map((name) => `${name}:admin:${hash}`).join(','),
    };
    const apps = await Promise.all([
      startApp('web', env, build.folder),
      startApp('worker', { ...env, ...DEFAULT_QUEUE_ONLY }, build.folder),
    ]);
    const routes = (await registeredRoutes({ env }))
      .filter((route) => route.startsWith('GET '))
      .map((route) => route.slice(4))
      .filter((path) => !NO_PAGES.test(path));
    const redis = new Redis(server.url, { maxRetriesPerRequest: null });
    return new FilledRoost(build, server, redis, folder, apps, routes);
  }

  get url(): string {
    return this.apps[0]!.url!;
  }

  async signIn(name: string, userAgent: string): Promise<SignedIn> {
    const client = new BrowserClient(this.url);
    await client.signIn(name, PASSWORD);
    return { client, headers: { 'x-csrf-token': await client.csrf(), 'user-agent': userAgent } };
  }

  async call<T = Record<string, unknown>>(
    { client, headers }: SignedIn,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<T> {
    const { status: code, text } = await client.call(method, path, body, headers);
    if (code >= 300) throw new Error(`${method} ${path}: ${code} ${text.slice(0, 500)}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** Every page there is, with what is known in its address. */
  pages(known: KnownIds): string[] {
    return this.routes.flatMap((route) => {
      const room = route.startsWith('/tasks/bulk')
        ? 'bulk'
        : (/^\/(?:monitor\/)?(\w+)/.exec(route)?.[1] ?? '');
      const path = route.replace(/\{act\}/g, 'drain');
      if (!path.includes('{')) return [path];
      // A page that nobody has thought of fails here, so that it is not left out.
      if (!known[room]) throw new Error(`Nothing is known for the parameter of ${route}`);
      return known[room].map((id) => path.replace(/\{\w+\}/, id));
    });
  }

  async fill(as: SignedIn, { text, tag, reason, name, id }: FieldTexts): Promise<KnownIds> {
    const call = <T = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
      this.call<T>(as, method, path, body);
    const submit = async (fail: boolean, options: object = {}) => {
      const body = { type: 'parrot', input: { words: text, fail }, options: { tags: [tag], ...options } };
      return (await call<{ id: string }>('POST', '/api/v1/tasks', body)).id;
    };
    const later = { delayMs: 3_600_000 };
    const tasks = [
      await submit(false),
      await submit(true),
      await submit(true, later),
      await submit(false, later),
    ];
    await call('POST', `/api/v1/tasks/${tasks[2]}/cancel`, { reason });
    await call('POST', '/api/v1/queues/cpu/pause', { reason });
    await call('PUT', '/api/v1/limits/parrot', { rate: { max: 1000, perMs: 1000 }, reason });
    const q = tag.replaceAll('"', '');
    await call('POST', '/api/v1/searches', { name: tag, q: `"${q}"` });
    await call('POST', '/api/v1/tokens', { name: tag, permissions: ['tasks.read'] });
    const bulk = await call<{ id: string }>('POST', '/api/v1/bulk-actions', {
      action: 'delete',
      q: `type:"${q}"`,
      reason,
    });

    const job = await this.otherProgram({ text, name, id });
    const ours = await this.worker(as, { tag, name, id });
    let groups: { fingerprint: string; sample?: string }[] = [];
    await until('both failures are recorded', async () => {
      groups = (await call<{ items: typeof groups }>('GET', '/api/v1/errors?state=open')).items;
      return groups.length >= 2;
    });
    for (const { fingerprint } of groups)
      await call('POST', `/api/v1/errors/${fingerprint}/ignore`, { note: reason });
    return {
      tasks: [...tasks, job],
      errors: groups.map(({ fingerprint }) => fingerprint),
      workers: [encodeURIComponent(id), encodeURIComponent(ours)],
      queues: ['default', 'cpu'],
      bulk: [bulk.id],
    };
  }

  /** A queue of another program, with names of its own choosing, and a job in it that failed. */
  private async otherProgram({ text, name, id }: Pick<FieldTexts, 'text' | 'name' | 'id'>): Promise<string> {
    const connection = this.redis;
    const queue = new Queue(name.replaceAll(':', ''), { connection });
    const worker = new Worker(
      queue.name,
      () => {
        throw Object.assign(new Error(text), { name, stack: `${name}: ${text}\n    at ${text} (${name})` });
      },
      { connection, name },
    );
    worker.on('error', () => undefined);
    const failed = new Promise((resolve) => worker.once('failed', resolve));
    const job = await queue.add(name, { [name]: text }, { jobId: `foreign-${id}` });
    await failed;
    await worker.close();
    await queue.close();
    return job.id!;
  }

  /** A worker that died with hostile names; returns the id of the real one. */
  private async worker(
    as: SignedIn,
    { tag, name, id }: Pick<FieldTexts, 'tag' | 'name' | 'id'>,
  ): Promise<string> {
    const { items } = await this.call<{ items: { id: string }[] }>(as, 'GET', '/api/v1/workers');
    let record: WorkerRecord | undefined;
    for (const worker of items) {
      record = JSON.parse((await this.redis.get(`roost:fleet:${worker.id}`)) ?? '{}') as WorkerRecord;
      if (record.taskTypes?.some((type) => type.name === 'parrot')) break;
    }
    const ours = record!.id;
    const invented: WorkerRecord = {
      ...record!,
      ...{ id, name, host: name, args: [name], settings: { [name]: name, REDIS_URL: name }, left: name },
      versions: { app: name, roost: name, node: name, bullmq: name },
      consumers: [{ queue: name, concurrency: 1, active: 1, paused: false, autoscale: null }],
      taskTypes: [{ name, queue: name, isolated: true }],
      running: [{ id: `running-${id}`, type: name, queue: name, attempt: 1, startedAt: Date.now() }],
      paused: { by: tag, at: Date.now(), reason: name },
      byType: { [name]: record!.totals },
    };
    await this.redis.zadd('roost:fleet', Date.now(), id);
    await this.redis.set(`roost:fleet:${id}`, JSON.stringify(invented));
    return ours;
  }

  async stop(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.stop()));
    this.redis.disconnect();
    await this.server.remove();
    this.build.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
