import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../../src/auth/password.js';
import { BrowserClient } from '../support/browser-client.js';
import { freePort } from '../support/redis-server.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

/** One for each door, so that what is found tells where it came from. */
const CANARY = {
  redis: 'canary-a1-redis',
  password: 'canary-b2 a password of people',
  wrong: 'canary-c3 not a password',
  oidc: 'canary-d4-oidc',
  header: 'canary-e5-header',
  query: 'canary-f6-query',
  input: 'canary-g7-input',
  cookie: 'canary-h8-cookie',
  reason: 'canary-i9-reason',
};
const REASON = `${CANARY.reason}\r\n[00:00:00.000] INFO: forged line`;

describe('S17: the logs', () => {
  let roost: Roost;
  let ada: BrowserClient;
  let csrf: Record<string, string>;
  const secrets: string[] = Object.values(CANARY);

  beforeAll(async () => {
    roost = await Roost.start({
      password: CANARY.redis,
      env: {
        ACCESS_USERS: `ada:admin:${await hashPassword(CANARY.password, { logN: 10, r: 8, p: 1 })}`,
        OIDC_ISSUER: `http://127.0.0.1:${await freePort()}`,
        OIDC_CLIENT_ID: 'roost',
        OIDC_ADMINS: 'sub:nobody',
        OIDC_CLIENT_SECRET: CANARY.oidc,
        PUBLIC_URL: 'http://127.0.0.1',
        REDACT: 'input.text, result.text',
        LOG_LEVEL: 'trace',
      },
    });
    ada = new BrowserClient(roost.url);
  });

  afterAll(() => roost?.stop());

  it('have none of the secrets that went through every door, at the finest level, also when things break', async () => {
    await ada.signIn('ada', CANARY.wrong);
    await ada.signIn(CANARY.wrong, CANARY.password);
    expect((await ada.signIn('ada', CANARY.password)).status).toBe(303);
    csrf = { 'x-csrf-token': await ada.csrf() };
    secrets.push(csrf['x-csrf-token']!, ...ada.cookies.values());
    await ada.get('/login/oidc');
    await ada.get(`/login/oidc/callback?code=${CANARY.query}&state=${CANARY.query}`);

    const made = await ada.call(
      'POST',
      '/api/v1/tokens',
      { name: 'a', permissions: ['tasks.read', 'tasks.submit'] },
      csrf,
    );
    const { token } = JSON.parse(made.text) as { token: string };
    secrets.push(token);
    const guest = new BrowserClient(roost.url);
    const headers = {
      'x-api-key': CANARY.header,
      'x-forwarded-for': CANARY.header,
      cookie: `session=${CANARY.cookie}`,
      referer: `http://x/${CANARY.header}`,
    };
    expect(
      (
        await guest.call('GET', `/api/v1/tasks?q=${CANARY.query}`, undefined, {
          ...headers,
          authorization: `Bearer ${token}`,
        })
      ).status,
    ).toBe(200);
    for (const authorization of [
      `Bearer ${CANARY.header}`,
      `Basic ${Buffer.from(`ada:${CANARY.header}`).toString('base64')}`,
      `Bearer roost_${CANARY.header}`,
    ])
      expect(
        (await guest.call('GET', '/api/v1/tasks', undefined, { ...headers, authorization })).status,
      ).toBe(401);
    secrets.push(Buffer.from(`ada:${CANARY.header}`).toString('base64'));

    const task = {
      type: 'process-text',
      input: { text: CANARY.input, operation: 'upper' },
      options: { tags: [CANARY.input] },
    };
    const { id, state } = JSON.parse((await ada.call('POST', '/api/v1/tasks?wait=10', task, csrf)).text) as {
      id: string;
      state: string;
    };
    expect(state).toBe('completed');
    await ada.get(`/tasks/${id}?reveal=1`);
    await ada.post('/submit?type=process-text', {
      type: 'process-text',
      'input.text': CANARY.input,
      'input.operation': 'nope',
      _csrf: csrf['x-csrf-token']!,
    });
    for (const reason of [CANARY.reason, REASON]) {
      await ada.call('POST', '/api/v1/queues/cpu/pause', { reason }, csrf);
      await ada.call('POST', '/api/v1/workers/commands/ping', { ids: 'all', reason }, csrf);
    }

    // An error of Redis carries the command it came of, with all that was handed in.
    const redis = new Redis(roost.redis.url);
    await redis.set('roost:default:wait', 'of another kind');
    expect((await ada.call('POST', '/api/v1/tasks', task, csrf)).status).toBe(500);
    await until('it is logged', () => roost.logs().web.includes('WRONGTYPE'));
    await redis.del('roost:default:wait');
    redis.disconnect();
    await roost.redis.kill();
    await ada.call('POST', '/api/v1/tasks', task, csrf);
    await until(
      'both have noticed',
      () => /does not answer/.test(roost.logs().worker) && /does not answer/.test(roost.logs().web),
    );

    const files = readdirSync(roost.logDir).filter((name) => name.endsWith('.log'));
    expect(files.sort()).toEqual(['web.log', 'worker.log']);
    const all = [
      roost.logs().terminal,
      ...files.map((name) => readFileSync(join(roost.logDir, name), 'utf8')),
    ];
    expect(all.join('').length).toBeGreaterThan(5_000);
    for (const text of all) {
      expect(secrets.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
      expect(text.split('\n').filter((line) => line.startsWith('[00:00:00.000]'))).toEqual([]);
    }
  });
});
