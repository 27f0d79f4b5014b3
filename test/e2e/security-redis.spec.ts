import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../src/auth/password.js';
import { BrowserClient } from '../support/browser-client.js';
import { Certificates } from '../support/certificates.js';
import { projectRoot, spawnApp, startApp, TestProcess, type RunningApp } from '../support/processes.js';
import { freePort, RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

const DOCS = readFileSync(join(projectRoot, 'docs/security.md'), 'utf8');
/** The line people copy. */
const [, NAME, RULES] = /^```acl\nuser (\S+) (.+)\n```$/m.exec(DOCS)!;
const PASSWORD = 'canary-redis-52d1';
const WRONG = 'canary-wrong-88e0';
const PEOPLE = 'a password for people';
const EX_CONFIG = 78;
const DIVIDE = { type: 'divide', input: { x: 10, y: 2 } };

describe('S18: a Redis that gives Roost no more than the line in docs/security.md, over TLS', () => {
  let certificates: Certificates;
  let server: RedisServer;
  /** As the default user, who can no longer sign in by then. */
  let admin: Redis;
  let folder: string;
  let env: Record<string, string>;
  let web: RunningApp;
  let worker: RunningApp;
  let ada: BrowserClient;
  let csrf: Record<string, string>;

  const rules = (password: string, ...more: string[]) => [
    NAME!,
    ...RULES!.replace('>PASSWORD', `>${password}`).split(' '),
    ...more,
  ];
  const url = (password: string) => env.REDIS_URL!.replace(PASSWORD, password);
  const send = async (method: string, path: string, body?: unknown) => {
    const { status, text } = await ada.call(method, path, body, csrf);
    return { status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const runs = async () => {
    const { body } = await send('POST', '/api/v1/tasks?wait=10', DIVIDE);
    return body?.state === 'completed' ? (body.id as string) : undefined;
  };
  const everything = () =>
    [
      web.output,
      worker.output,
      ...['web', 'worker'].map((app) => readFileSync(join(folder, `${app}.log`), 'utf8')),
    ].join();

  beforeAll(async () => {
    certificates = new Certificates();
    const { ca, server: own, client } = certificates;
    const tlsPort = await freePort();
    const args = ['--tls-port', String(tlsPort), '--tls-ca-cert-file', ca];
    server = await RedisServer.start({
      args: [...args, '--tls-cert-file', own.cert, '--tls-key-file', own.key, '--tls-auth-clients', 'yes'],
    });
    admin = new Redis(server.url);
    admin.on('error', () => undefined);
    await admin.hset('bull:mail:meta', 'opts.maxLenEvents', '10000');
    await admin.xadd('bull:mail:events', '*', 'event', 'added', 'jobId', '1', 'name', 'mail');
    await admin.set('neighbour', 'secret');
    await admin.call('ACL', 'SETUSER', ...rules(PASSWORD));
    await admin.call('ACL', 'SETUSER', 'default', 'off');
    folder = mkdtempSync(join(tmpdir(), 'roost-acl-'));
    env = {
      REDIS_URL: `rediss://${NAME}:${PASSWORD}@127.0.0.1:${tlsPort}`,
      REDIS_TLS_CA: ca,
      REDIS_TLS_CERT: client.cert,
      REDIS_TLS_KEY: client.key,
      LOG_DIR: folder,
      LOG_LEVEL: 'trace',
      HISTORY_URL: `file:${join(folder, 'history.db')}`,
      ACCESS_USERS: `ada:admin:${await hashPassword(PEOPLE, { logN: 10, r: 8, p: 1 })}`,
    };
    [web, worker] = await Promise.all([startApp('web', env), startApp('worker', env)]);
    ada = new BrowserClient(web.url!);
    expect((await ada.signIn('ada', PEOPLE)).status).toBe(303);
    csrf = { 'x-csrf-token': await ada.csrf() };
  });

  afterAll(async () => {
    await Promise.all([web.stop(), worker.stop()]);
    admin.disconnect();
    await server.remove();
    certificates.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('really gives no more', async () => {
    const tls = {
      ca: readFileSync(certificates.ca),
      cert: readFileSync(certificates.client.cert),
      key: readFileSync(certificates.client.key),
    };
    const roost = new Redis(env.REDIS_URL!, { tls, enableReadyCheck: false });
    try {
      for (const words of [
        'CONFIG GET dir',
        'FLUSHALL',
        'KEYS *',
        'DEBUG SLEEP 0',
        'INFO',
        'GET neighbour',
        'PUBLISH x y',
        'ACL LIST',
      ]) {
        const [command, ...args] = words.split(' ');
        await expect(roost.call(command!, ...args)).rejects.toThrow(/NOPERM|DEBUG command not allowed/);
      }
      // Not even a script gets at what is somebody else's.
      await expect(roost.eval("return redis.call('GET', 'neighbour')", 0)).rejects.toThrow(
        /NOPERM|can't access/,
      );
    } finally {
      roost.disconnect();
    }
  });

  it('runs tasks, and everything one can do with them and their workers', async () => {
    const id = await runs();
    expect(id).toBeDefined();
    const later = { ...DIVIDE, options: { delayMs: 3_600_000, attempts: 2 } };
    const delayed = (await send('POST', '/api/v1/tasks', later)).body.id as string;
    const [{ id: first }] = (await send('GET', '/api/v1/workers')).body.items;
    const acts: [string, string, unknown?][] = [
      ['POST', `/api/v1/tasks/${delayed}/move`, { queue: 'cpu' }],
      ['POST', `/api/v1/tasks/${delayed}/cancel`, { reason: 'to see' }],
      ['POST', `/api/v1/tasks/${delayed}/retry`],
      ['GET', `/api/v1/tasks/${delayed}/why`],
      ['POST', `/api/v1/workers/${first}/ping`],
      ['POST', '/api/v1/workers/commands/concurrency', { ids: 'all', queue: 'cpu', concurrency: 2 }],
      ['POST', '/api/v1/queues/default/pause', { reason: 'to see' }],
      ['POST', '/api/v1/queues/default/resume'],
      ['POST', '/api/v1/queues/cpu/drain'],
      ['PUT', '/api/v1/limits/divide', { rate: { max: 1000, perMs: 1000 } }],
      ['POST', '/api/v1/tokens', { name: 'a token', permissions: ['tasks.read'] }],
      ['POST', '/api/v1/bulk-actions', { action: 'delete', q: 'type:none', reason: 'to see' }],
    ];
    for (const [method, path, body] of acts) {
      const answer = await send(method, path, body);
      expect([path, answer]).toEqual([path, { status: expect.any(Number), body: expect.anything() }]);
      expect([path, answer.status < 300 ? 'done' : answer.body]).toEqual([path, 'done']);
    }
    expect(await runs()).toBeDefined();
  });

  it('has every page, and says on them what it was not told', async () => {
    const queue = '/monitor/queues/default';
    for (const path of [
      '/',
      '/submit',
      '/tasks',
      '/monitor',
      queue,
      '/monitor/workers',
      '/monitor/limits',
      '/monitor/errors',
      '/monitor/history',
      '/metrics',
    ])
      expect([path, (await ada.get(path)).status]).toEqual([path, 200]);
    expect((await ada.get('/health/ready')).status).toBe(200);
    expect((await ada.get('/monitor')).text).toContain('This Redis user lacks permission for INFO');
    const { text } = await ada.get('/monitor/redis');
    for (const command of ['INFO', 'SLOWLOG']) expect(text).toContain(command);
    const { redis, warnings } = (await send('GET', '/api/v1/monitor')).body;
    expect(redis).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+/),
      aofEnabled: null,
      usedMemoryBytes: null,
    });
    expect(warnings).toEqual([]);
  });

  it('records its own tasks beside a queue that it may not read', async () => {
    await until('the history has them', async () => {
      const { body } = await send('GET', '/api/v1/tasks?q=type:divide%20state:completed');
      return (body.total as number) >= 2;
    });
    expect((await send('GET', '/api/v1/monitor')).body.otherQueues).toEqual([]);
    const denied = ((await admin.acl('LOG', '1000')) as unknown[][]).map((entry) =>
      String(entry[entry.indexOf('object') + 1]),
    );
    // All that was ever asked for in vain: by the apps, and above to see that it is in vain.
    const known =
      /^(info|slowlog\|get|config\|get|bull:mail:(meta|events)|flushall|keys|debug|neighbour|x|acl\|list)$/;
    expect(denied.filter((object) => !known.test(object))).toEqual([]);
  });

  it('shows all where INFO is added to the line', async () => {
    await admin.call('ACL', 'SETUSER', NAME!, '+info');
    try {
      const { redis, warnings } = (await send('GET', '/api/v1/monitor')).body;
      expect(redis).toMatchObject({
        aofEnabled: false,
        usedMemoryBytes: expect.any(Number),
        evictionPolicy: 'noeviction',
      });
      expect(warnings).toMatchObject([{ code: 'AOF_OFF' }]);
    } finally {
      await admin.call('ACL', 'SETUSER', NAME!, '-info');
    }
  });

  it('waits where the password is changed under its feet, and goes on when it is right again', async () => {
    try {
      await admin.call('ACL', 'SETUSER', NAME!, 'resetpass', `>${WRONG}`);
      await admin.client('KILL', 'USER', NAME!);
      await until('both have said so', () =>
        [web, worker].every(({ output }) =>
          output.includes('Redis does not let Roost in: it refuses the user or the password.'),
        ),
      );
      expect((await send('POST', '/api/v1/tasks', DIVIDE)).status).toBe(503);
    } finally {
      await admin.call('ACL', 'SETUSER', NAME!, 'resetpass', `>${PASSWORD}`);
    }
    await until('a task runs again', runs);
    expect([web.isRunning, worker.isRunning]).toEqual([true, true]);
    const said = everything().match(/does not let Roost in/g)!.length;
    expect(said).toBeLessThan(40);
  });

  it('has its password in no line of any log', () => {
    const told = everything().split('\n');
    expect(told.filter((line) => line.includes(PASSWORD) || line.includes(PEOPLE))).toEqual([]);
  });

  it.each(['web', 'worker'] as const)(
    'is told once by a %s with a wrong password, which ends with the reason',
    async (name) => {
      await admin.acl('LOG', 'RESET');
      const app = spawnApp(name, { ...env, REDIS_URL: url(WRONG), LOG_DIR: join(folder, 'wrong') });
      expect(await app.ended).toEqual({ code: EX_CONFIG, signal: null });
      expect(app.output).toContain(
        'The Redis of REDIS_URL does not let Roost in: it refuses the user or the password.',
      );
      expect(app.output).not.toContain(WRONG);
      expect(app.output).not.toMatch(/ at .*node_modules/);
      const attempts = ((await admin.acl('LOG', '100')) as unknown[][]).filter((entry) =>
        entry.includes('auth'),
      );
      expect(attempts).toHaveLength(1);
      expect(attempts[0]![1]).toBe(1);
    },
  );

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'nobody it trusts signed the certificate',
      { REDIS_TLS_CA: '' },
      /certificate is not trusted \(\w+\)\. REDIS_TLS_CA names/,
    ],
    ['it shows no certificate of its own', { REDIS_TLS_CERT: '', REDIS_TLS_KEY: '' }, /TLS handshake failed/],
    ['a key has no certificate', { REDIS_TLS_CERT: '' }, /REDIS_TLS_CERT and REDIS_TLS_KEY belong together/],
    [
      'a file is not there',
      { REDIS_TLS_CA: '/nowhere/ca.pem' },
      /REDIS_TLS_CA cannot be read: \/nowhere\/ca\.pem \(ENOENT\)/,
    ],
    ['the address is a plain one', { REDIS_URL: 'redis://127.0.0.1:1' }, /not encrypted: write rediss:/],
  ])('does not start where %s', async (_what, wrong, words) => {
    const app = spawnApp('web', { ...env, LOG_DIR: join(folder, 'wrong'), ...wrong });
    expect(await app.ended).toEqual({ code: EX_CONFIG, signal: null });
    expect(app.output).toMatch(words);
    expect(app.output).not.toContain(PASSWORD);
  });

  it('is not waited for where it says nothing at all', async () => {
    const silent = await RedisServer.start();
    const plain = { ...env, REDIS_TLS_CA: '', REDIS_TLS_CERT: '', REDIS_TLS_KEY: '', REDIS_URL: silent.url };
    silent.freeze();
    try {
      const app = await startApp('web', { ...plain, HISTORY_URL: `file:${join(folder, 'silent.db')}` });
      expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
      silent.thaw();
      await until('it is there', async () => (await fetch(`${app.url}/login`)).status === 200);
      await app.stop();
    } finally {
      await silent.remove();
    }
  });

  it('is found by npm start as well', async () => {
    const ask = async (more: Record<string, string>) => {
      const code = `const { checkNamedRedis } = await import('./scripts/redis-named.mjs');
        console.log(await checkNamedRedis(process.env.REDIS_URL).catch((error) => [error.message, ...error.cure].join(' ')));`;
      const args = ['--input-type=module', '--eval', code];
      const asker = new TestProcess('asker', process.execPath, args, {
        cwd: projectRoot,
        env: { ...env, ...more },
      });
      await asker.ended;
      expect(asker.output).not.toMatch(new RegExp(`${PASSWORD}|${WRONG}`));
      return asker.output;
    };
    expect(await ask({})).toContain('at rediss://***@127.0.0.1');
    expect(await ask({ REDIS_TLS_CA: '' })).toContain('REDIS_TLS_CA names the file');
    expect(await ask({ REDIS_URL: url(WRONG) })).toContain('It refuses the user or the password.');
  });
});
