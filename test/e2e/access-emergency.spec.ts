import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EmergencyAccess } from '../../src/auth/emergency.js';
import { hashPassword } from '../../src/auth/password.js';
import { RecordSeal } from '../../src/auth/record-seal.js';
import { PageShellService } from '../../src/web/kit/page-shell.service.js';
import { SessionsPageController } from '../../src/web/sessions/sessions-page.controller.js';
import { AccessBench } from '../support/access-bench.js';
import { BrowserClient, csrfIn } from '../support/browser-client.js';
import { RedisServer } from '../support/redis-server.js';

const PASSWORD = 'a password for all of them';
const REASON = 'the <b>provider</b> is down';
const SHOWN = 'the &lt;b&gt;provider&lt;/b&gt; is down';

describe('a break-glass login', () => {
  let redis: RedisServer;
  let bench: AccessBench;

  beforeAll(async () => {
    redis = await RedisServer.start();
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    bench = await AccessBench.start({
      redisUrl: redis.url,
      env: { ACCESS_USERS: `vera:viewer:${hash}`, ACCESS_SECOND_FACTOR: 'admin' },
      controllers: [SessionsPageController],
      providers: [
        {
          provide: PageShellService,
          useValue: {
            frame: async ({ title }: { title: string }) => ({ title, now: Date.now(), banners: [] }),
          },
        },
      ],
    });
  });

  afterAll(async () => {
    await bench.stop();
    await redis.remove();
  });

  const issue = () => bench.app.get(EmergencyAccess).issue('root', REASON);
  const redeem = async (code: string) => {
    const client = new BrowserClient(bench.url);
    const page = await client.get('/login/break-glass');
    return { client, answer: await client.post('/login/break-glass', { code, _csrf: csrfIn(page.text) }) };
  };

  it('signs in once as admin, is on every page, in the log and in the audit, and makes nothing that lasts', async () => {
    const vera = new BrowserClient(bench.url);
    await vera.signIn('vera', PASSWORD);
    expect((await vera.get('/access/sessions')).text).not.toContain('Break glass.');
    const code = await issue();
    const { client, answer } = await redeem(code);
    expect([answer.status, answer.location]).toEqual([303, '/']);
    expect((await redeem(code)).answer.status).toBe(401);
    expect(JSON.parse((await client.call('GET', '/api/v1/me')).text)).toMatchObject({
      ...{ name: 'BREAK GLASS by root', role: 'admin' },
    });
    for (const reader of [client, vera]) {
      const { text } = await reader.get('/access/sessions');
      expect(text).toContain('<strong>Break glass.</strong> root is signed in as admin');
      expect(text).toContain(SHOWN);
      expect(text).not.toContain(REASON);
    }
    expect((await new BrowserClient(bench.url).get('/login')).text).not.toContain(SHOWN);

    const headers = { 'x-csrf-token': await client.csrf() };
    expect((await client.call('DELETE', '/api/v1/things/7', undefined, headers)).status).toBe(200);
    const token = { name: 'stays', permissions: ['tasks.read'] };
    expect((await client.call('POST', '/api/v1/tokens', token, headers)).status).toBe(422);

    const lines = bench.log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.find(({ msg }) => String(msg).startsWith('BREAK GLASS'))).toMatchObject({
      ...{ level: 50, by: 'root', reason: REASON, from: '127.0.0.1' },
    });
    expect(lines.filter(({ msg }) => msg === 'break glass: a write')[0]).toMatchObject({
      ...{ level: 40, method: 'DELETE', path: '/api/v1/things/7' },
    });
    const audit = await bench.audit();
    expect(audit.map(({ who, path, outcome }) => [who, path, outcome])).toEqual(
      expect.arrayContaining([
        ['BREAK GLASS by root', '/login/break-glass', 'done'],
        ['BREAK GLASS by root', '/api/v1/things/7', 'done'],
        ['BREAK GLASS by root', '/api/v1/tokens', 'refused'],
      ]),
    );
    expect(JSON.stringify(audit)).not.toContain(code);
    expect(
      audit.find(({ path, outcome }) => path === '/login/break-glass' && outcome === 'done')!.targets,
    ).toEqual(['break-glass', REASON]);

    await client.post('/logout', { _csrf: headers['x-csrf-token'] });
    expect((await client.get('/things')).status).toBe(401);
    expect((await vera.get('/access/sessions')).text).not.toContain('Break glass.');
  });

  it('ends after its hour, however much it is used', async () => {
    const { client } = await redeem(await issue());
    const index = await bench.redis.zrevrange('roost:access:sessions', 0, 0);
    const key = `roost:access:session:${index[0]}`;
    expect(await bench.redis.pttl(key)).toBeLessThanOrEqual(3_600_000);
    expect((await client.get('/things')).status).toBe(200);
    const identity = { kind: 'emergency', name: 'BREAK GLASS by root', by: 'root', reason: REASON };
    await bench.editRecord(key, { identity: { ...identity, until: Date.now() - 1 } }, 60_000);
    expect((await client.get('/things')).status).toBe(401);
  });

  it('takes no code that is too old, forged or of another secret', async () => {
    const old = await issue();
    const [key] = await bench.redis.keys('roost:access:break-glass:*');
    await bench.editRecord(key!, { until: Date.now() - 1 }, 60_000);
    expect((await redeem(old)).answer.status).toBe(401);
    const stranger = new RecordSeal({ ACCESS_SECRET: 'x'.repeat(32), ACCESS_USERS_FILE: '' }, {
      warn: () => undefined,
    } as never);
    const forged = await new EmergencyAccess(
      ...([
        bench.redis,
        { QUEUE_PREFIX: 'roost' },
        stranger,
        undefined,
        undefined,
      ] as unknown as ConstructorParameters<typeof EmergencyAccess>),
    ).issue('root', REASON);
    for (const code of [forged, '', 'x'.repeat(43), 'nonsense'])
      expect((await redeem(code)).answer.status).toBe(401);
    expect(bench.log).toContain('a wrong code of a break-glass login');
  });
});
