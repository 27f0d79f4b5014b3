import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../src/auth/password.js';
import { BrowserClient } from '../support/browser-client.js';
import { startApp, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const PASSWORD = 'a password for all of them';
/** With what JSON and addresses write otherwise. */
const SECRET = 'Canary "qx7531"/zz é';
/** However it is written. */
const CANARY = /qx7531|it-20-was-made/i;
/** Too long for a list to have it whole. */
const LONG = `${SECRET} ${'and more of it '.repeat(200)}`;

interface Task {
  id: string;
  state: string;
  error: { message: string; stack: string } | null;
  result: Record<string, string>;
}

/** A Roost whose one task type tells everybody what it was told in confidence. */
class TellingRoost {
  readonly build = new ScratchBuild('task-types-telling');
  readonly folder = mkdtempSync(join(tmpdir(), 'roost-words-'));
  redis!: RedisServer;
  apps: RunningApp[] = [];
  people: Record<string, BrowserClient> = {};

  async start(env: Record<string, string>): Promise<void> {
    this.redis ??= await RedisServer.start();
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    const all = {
      ...{ REDIS_URL: this.redis.url, HISTORY_URL: `file:${join(this.folder, 'history.db')}` },
      ...{
        ACCESS_USERS: `ada:admin:${hash},olga:operator:${hash}`,
        LOG_DIR: this.folder,
        ...DEFAULT_QUEUE_ONLY,
        ...env,
      },
    };
    this.apps = await Promise.all(
      ['web', 'worker'].map((app) => startApp(app as 'web', all, this.build.folder)),
    );
    for (const name of ['ada', 'olga']) {
      this.people[name] = new BrowserClient(this.apps[0]!.url!);
      await this.people[name].signIn(name, PASSWORD);
    }
  }

  async read(path: string, who = 'olga'): Promise<string> {
    const { text } = await this.people[who]!.call('GET', path, undefined, { accept: 'text/html, */*' });
    return text;
  }

  async json<Body>(path: string, who = 'olga'): Promise<Body> {
    return JSON.parse((await this.people[who]!.call('GET', path)).text) as Body;
  }

  async submit(input: object, options = {}): Promise<string> {
    const olga = this.people.olga!;
    const csrf = { 'x-csrf-token': await olga.csrf() };
    const body = { type: 'telling', input, options };
    const answer = await olga.call('POST', '/api/v1/tasks', body, csrf);
    if (answer.status !== 202) throw new Error(answer.text);
    return (JSON.parse(answer.text) as Task).id;
  }

  /** How many tasks a query finds. */
  async total(q: string, who = 'olga'): Promise<number> {
    return (await this.json<{ total: number }>(`/api/v1/tasks?q=${encodeURIComponent(q)}`, who)).total;
  }

  async settled(id: string): Promise<Task> {
    let task: Task | undefined;
    await until(`${id} is over and recorded`, async () => {
      task = await this.json<Task>(`/api/v1/tasks/${id}`);
      return (
        ['completed', 'failed', 'cancelled'].includes(task.state) &&
        (await this.total(`id:${id} state:${task.state}`)) === 1
      );
    });
    return task!;
  }

  async stopApps(): Promise<void> {
    await Promise.all(this.apps.map((app) => app.stop()));
  }

  async remove(): Promise<void> {
    await this.stopApps();
    await this.redis?.remove();
    this.build.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe('what a rule hides, in the words of the task', () => {
  const roost = new TellingRoost();
  let failed: string;
  let long: string;
  let done: string;

  beforeAll(async () => {
    await roost.start({ REDACT: '*.secret, result.made', LOG_LEVEL: 'trace' });
    failed = await roost.submit({ secret: SECRET, fails: true });
    long = await roost.submit({ secret: LONG, fails: true });
    done = await roost.submit({ secret: SECRET });
    for (const id of [failed, long, done]) await roost.settled(id);
  });

  afterAll(() => roost.remove());

  const pathsOf = (id: string) => [
    ...['', '/logs', '/attempts', '/transitions', '/progress', '/input', '/result', '/why'].map(
      (end) => `/api/v1/tasks/${id}${end}`,
    ),
    ...[`/tasks/${id}`, `/tasks/${id}?log=all&attempts=all`, `/submit?type=telling&from=${id}`],
    `/tasks?q=id:${id}&columns=type,input,result,error`,
  ];

  it('is nowhere: not in errors, stacks, log lines, progress, results, lists, groups and exports', async () => {
    const { items } = await roost.json<{ items: { fingerprint: string }[] }>('/api/v1/errors');
    expect(items.length).toBeGreaterThanOrEqual(2);
    const paths = [
      ...[failed, long, done].flatMap(pathsOf),
      ...items.flatMap(({ fingerprint }) => [
        `/api/v1/errors/${fingerprint}`,
        `/monitor/errors/${fingerprint}`,
        `/tasks?q=group:${fingerprint}`,
      ]),
      ...[
        '/',
        '/submit',
        '/tasks',
        '/tasks?state=failed&columns=error',
        '/monitor',
        '/monitor/errors',
        '/api/v1/errors',
      ],
      ...['/api/v1/tasks?limit=200', '/api/v1/tasks/export?format=csv', '/api/v1/tasks/export?format=ndjson'],
      ...['/api/v1/tasks/suggest?q=can', '/tasks/bulk?action=delete&q=type:telling', '/api/v1/workers'],
    ];
    for (const who of ['olga', 'ada'])
      for (const path of paths) {
        const text = await roost.read(path, who);
        const at = text.search(CANARY);
        expect([who, path, at < 0 ? '' : text.slice(Math.max(0, at - 150), at + 30)]).toEqual([
          who,
          path,
          '',
        ]);
      }
  });

  it('leaves the rest of the words as they are', async () => {
    const task = await roost.json<Task>(`/api/v1/tasks/${failed}`);
    expect(task.error!.message).toBe('"[hidden]" was refused for good');
    expect(task.error!.stack).toMatch(/"\[hidden\]" was refused for good\n +at /);
    const logs = await roost.json<{ items: { text: string }[] }>(`/api/v1/tasks/${failed}/logs`);
    expect(logs.items.slice(0, 3).map(({ text }) => text)).toEqual([
      'signing in with [hidden], attempt 1',
      '{"secret":"[hidden]"}',
      'GET https://example.org/?key=[hidden]',
    ]);
    const attempts = await roost.json<{ items: Task[] }>(`/api/v1/tasks/${failed}/attempts`);
    expect(attempts.items[0]!.error!.message).toBe('at first: [hidden] was refused');
    const { result } = await roost.json<Task>(`/api/v1/tasks/${done}`);
    expect(result).toEqual({ made: '[hidden]', echo: 'You said [hidden]', plain: 'nothing of it' });
    // Cut in the middle of it.
    const progress = await roost.json<{ items: { message: string }[] }>(`/api/v1/tasks/${long}/progress`);
    expect(progress.items.at(-1)!.message).toBe('sent [hidden]');
  });

  it('is found by no word, and neither is what stands around it lost', async () => {
    expect(await roost.total('error:"refused for good"')).toBe(2);
    expect(await roost.total('result:nothing')).toBe(1);
    for (const q of [
      'qx7531',
      'qx*',
      'error:qx7531',
      'error:qx*',
      'result:qx7531',
      'log:qx*',
      '"canary qx7531"',
    ])
      for (const who of ['olga', 'ada']) expect([q, await roost.total(q, who)]).toEqual([q, 0]);
    for (const q of ['input.secret:can*', 'result.made:*', 'result.echo:"You said Canary*"']) {
      const { text } = await roost.people.ada!.call('GET', `/api/v1/tasks?q=${encodeURIComponent(q)}`);
      const { total, code } = JSON.parse(text) as { total?: number; code?: string };
      expect([q, total ?? code]).toEqual([q, q.startsWith('result.echo') ? 0 : 'QUERY_INVALID']);
    }
    const errors = await roost.json<{ total: number }>('/api/v1/errors?q=qx7531');
    expect(errors.total).toBe(0);
  });

  it('is in no event, neither while it runs nor at its end', async () => {
    const olga = roost.people.olga!;
    const id = await roost.submit({ secret: SECRET, waits: true }, { delayMs: 3_600_000 });
    const cookie = [...olga.cookies].map((pair) => pair.join('=')).join('; ');
    const listen = (path: string) => fetch(`${olga.url}${path}`, { headers: { cookie } });
    const answers = await Promise.all([listen(`/api/v1/tasks/${id}/events`), listen('/api/v1/events')]);
    const [one, all] = answers.map((answer) => answer.body!.pipeThrough(new TextDecoderStream()).getReader());
    let heard = '';
    const hear = async (what: RegExp) => {
      while (!what.test(heard)) heard += (await one!.read()).value ?? '';
    };
    await hear(/event: snapshot/);
    const csrf = { 'x-csrf-token': await olga.csrf() };
    await olga.call('POST', `/api/v1/tasks/${id}/promote`, undefined, csrf);
    await hear(/event: progress\n.*sent \[hidden\]/);
    await hear(/event: log\n.*signing in with \[hidden\]/);
    await olga.call('POST', `/api/v1/tasks/${id}/cancel`, {}, csrf);
    await hear(/"state":"cancelled"/);
    heard += (await all!.read()).value ?? '';
    await Promise.all([one!.cancel(), all!.cancel()]);
    expect(heard).not.toMatch(CANARY);
  });

  it('is in no log of ours', () => {
    for (const app of roost.apps) expect(app.output).not.toMatch(CANARY);
  });

  it('is shown to who may see it and asks, with the audit', async () => {
    for (const path of ['', '/logs', '/attempts', '/transitions', '/progress'].map(
      (end) => `/api/v1/tasks/${failed}${end}?reveal=1`,
    )) {
      expect((await roost.people.olga!.call('GET', path)).status).toBe(403);
      expect([path, await roost.read(path, 'ada')]).toEqual([path, expect.stringMatching(CANARY)]);
    }
    expect(await roost.read(`/tasks/${failed}?reveal=1`, 'ada')).toMatch(/signing in with Canary/);
    const { items } = await roost.json<{ items: { who: string; outcome: string }[] }>(
      `/api/v1/audit?permission=secrets.reveal&target=${failed}`,
      'ada',
    );
    expect(items.filter(({ who }) => who === 'ada')).toHaveLength(6);
    expect(items.filter(({ who, outcome }) => who === 'olga' && outcome === 'refused')).toHaveLength(5);
  });
});

describe('a rule that comes later', () => {
  const roost = new TellingRoost();

  afterAll(() => roost.remove());

  it('takes what it hides out of what search finds, and out of groups of errors', async () => {
    // Redis keeps nothing of them: the history is asked alone.
    const env = { TASK_RETENTION_COMPLETED_COUNT: '1', TASK_RETENTION_FAILED_COUNT: '1' };
    await roost.start(env);
    for (let i = 0; i < 3; i++) {
      await roost.settled(await roost.submit({ secret: SECRET, fails: true }));
      await roost.settled(await roost.submit({ secret: SECRET }));
    }
    expect(await roost.total('qx7531')).toBe(6);
    expect(await roost.total('input.secret:can*')).toBe(6);
    expect(await roost.total('error:qx7531')).toBe(3);
    expect(await roost.read('/api/v1/errors')).toMatch(CANARY);
    await roost.stopApps();

    await roost.start({ ...env, REDACT: '*.secret, result.made' });
    await until('it is found no more', async () => (await roost.total('qx7531')) === 0);
    expect(await roost.total('refused')).toBe(3);
    expect(await roost.total('nothing')).toBe(3);
    for (const path of ['/api/v1/errors', '/monitor/errors', '/tasks', '/api/v1/tasks/export?format=csv'])
      expect([path, await roost.read(path)]).toEqual([path, expect.not.stringMatching(CANARY)]);
    const { items } = await roost.json<{ items: Task[] }>('/api/v1/tasks?q=refused');
    for (const { id } of items)
      for (const end of ['', '/logs', '/attempts', '/transitions', '/progress'])
        expect(await roost.read(`/api/v1/tasks/${id}${end}`)).not.toMatch(CANARY);
    await roost.stopApps();

    // And what is hidden no more is found again.
    await roost.start(env);
    await until('it is found again', async () => (await roost.total('qx7531')) === 6);
    expect(await roost.total('input.secret:can*')).toBe(6);
  });
});
