import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { ApiClient } from '../support/api-client.js';
import { projectRoot, spawnApp, startApp, TestProcess, type RunningApp } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

const EX_CONFIG = 78;
const DIVIDE = { type: 'divide', input: { x: 10, y: 2 } };
const NO_DATABASE = /it has no database 99, which REDIS_URL names: .*`databases`.*16 /;

describe('the database that REDIS_URL names', () => {
  let server: RedisServer;
  let web: RunningApp;
  let worker: RunningApp;
  let api: ApiClient;

  beforeAll(async () => {
    server = await RedisServer.start();
    const env = { REDIS_URL: `${server.url}/3`, ...DEFAULT_QUEUE_ONLY };
    [web, worker] = await Promise.all([startApp('web', env), startApp('worker', env)]);
    api = new ApiClient(web.url!);
  });

  afterAll(async () => {
    await Promise.all([web.stop(), worker.stop()]);
    await server.remove();
  });

  const ask = async <T>(question: (redis: Redis) => Promise<T>): Promise<T> => {
    const redis = new Redis(server.url);
    try {
      return await question(redis);
    } finally {
      redis.disconnect();
    }
  };
  const runs = async () => {
    const answer = await api.call('POST', '/api/v1/tasks?wait=10', DIVIDE);
    return ((await answer.json()) as { state?: string }).state === 'completed';
  };

  it.each(['web', 'worker'] as const)(
    'is not taken for another one by a %s where it is missing',
    async (name) => {
      const app = spawnApp(name, { REDIS_URL: `${server.url}/99` });
      expect(await app.ended).toEqual({ code: EX_CONFIG, signal: null });
      expect(app.output).toMatch(NO_DATABASE);
      expect(app.output).not.toMatch(/ at .*node_modules/);
    },
  );

  it('is looked for by npm start too, which says as well how a password is written', async () => {
    const code = `const { checkNamedRedis } = await import('./scripts/redis-named.mjs');
      for (const url of process.argv.slice(1))
        console.log(await checkNamedRedis(url).catch((e) => [e.exitCode, e.message, ...e.cure].join(' ')));`;
    const passwords = ['qx#zj', 'qx@zj', 'qx%zj', 'qx/zj', 'qx?zj'];
    const urls = ['/3', '/99', '/x'].map((end) => server.url + end);
    for (const password of passwords) urls.push(server.url.replace('//', `//:${password}@`));
    const args = ['--input-type=module', '--eval', code, '--', ...urls];
    const asker = new TestProcess('asker', process.execPath, args, { cwd: projectRoot });
    await asker.ended;
    const lines = asker.output.trim().split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^\d+\.\d+\.\d+ at redis:/),
      expect.stringMatching(/^78 .*It has no database 99: .*databases/),
      expect.stringMatching(/^78 REDIS_URL is not the address of a Redis\./),
      ...passwords.map(() => expect.stringMatching(/^78 .*write @ as %40.*# as %23 and % as %25/)),
    ]);
    expect(asker.output).not.toMatch(/qx|zj/);
  });

  it('shows how a password is written instead of ending with a stack', async () => {
    const app = spawnApp('worker', { REDIS_URL: 'redis://:qx%zj@127.0.0.1:1' });
    expect(await app.ended).toEqual({ code: EX_CONFIG, signal: null });
    expect(app.output).toMatch(/REDIS_URL has a % in its user or password .*write .* % as %25/);
    expect(app.output).not.toMatch(/qx|zj| at .*\.js/);
  });

  it('is the one of every connection, and of no other after an outage', async () => {
    expect(await runs()).toBe(true);
    const others = await ask(async (redis) => {
      const id = String(await redis.client('ID'));
      const lines = String(await redis.client('LIST'))
        .trim()
        .split('\n');
      return lines.filter((line) => !line.startsWith(`id=${id} `)).map((line) => / db=(\d+)/.exec(line)![1]);
    });
    expect(others.length).toBeGreaterThan(8);
    expect(new Set(others)).toEqual(new Set(['3']));

    await server.stop();
    await server.startAgain(['--databases', '2']);
    await until('both say what is wrong', () =>
      [web, worker].every(({ output }) => output.includes('it has no database 3, which REDIS_URL names')),
    );
    expect((await api.call('GET', '/health/ready')).status).toBe(503);
    expect((await api.call('POST', '/api/v1/tasks', DIVIDE)).status).toBe(503);
    expect(await ask((redis) => redis.dbsize())).toBe(0);

    await server.stop();
    await server.startAgain();
    await until('tasks run again', runs);
    expect(await ask((redis) => redis.dbsize())).toBe(0);
  });
});
