import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashPassword } from '../../src/auth/password.js';
import type { AuditPage, AuditView } from '../../src/audit/audit.openapi.js';
import { StoreEngine } from '../../src/history/sqlite/store-engine.js';
import { BrowserClient, csrfIn } from '../support/browser-client.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const PASSWORD = 'a password for all of them';
const COST = { logN: 10, r: 8, p: 1 };

/** Addresses are what the proxy in front says they are. */
const from = (address: string) => ({ 'x-forwarded-for': address, 'content-type': 'application/json' });

/** With two users, and the one who may read the audit signed in. */
async function startWithAda(env: Record<string, string> = {}): Promise<{ roost: Roost; ada: BrowserClient }> {
  const hash = await hashPassword(PASSWORD, COST);
  const roost = await Roost.start({
    worker: false,
    env: {
      ACCESS_USERS: `ada:admin:${hash},vera:viewer:${hash}`,
      TRUST_PROXY: '1',
      LOG_LEVEL: 'info',
      ...env,
    },
  });
  const ada = new BrowserClient(roost.url);
  await ada.signIn('ada', PASSWORD);
  return { roost, ada };
}

describe('a flood of writes by nobody', () => {
  let roost: Roost;
  let ada: BrowserClient;

  beforeAll(async () => {
    ({ roost, ada } = await startWithAda());
  });

  afterAll(() => roost.stop());

  const audit = async (query = '') => {
    const { text } = await ada.call('GET', `/api/v1/audit?limit=500${query}`);
    return (JSON.parse(text) as AuditPage).items;
  };
  const sum = (rows: { count: number }[]) => rows.reduce((total, { count }) => total + count, 0);
  const nobodys = (rows: AuditView[]) => rows.filter(({ via, who }) => via === 'nobody' && who === null);

  async function flood(count: number, send: (i: number) => [path: string, init: RequestInit]): Promise<void> {
    for (let i = 0; i < count;) {
      const piece = Array.from({ length: Math.min(50, count - i) }, () => send(i++));
      const statuses = await Promise.all(
        piece.map(async ([path, init]) => {
          const answer = await fetch(roost.url + path, { redirect: 'manual', ...init });
          await answer.arrayBuffer();
          return answer.status;
        }),
      );
      expect(statuses.every((status) => status === 401)).toBe(true);
    }
  }
  /** Requests of the flood that this part of a log tells of, one by one or as a number. */
  const logged = (log: string) =>
    log
      .split('\n')
      .filter((line) => line.includes('POST /api/v1/tasks'))
      .reduce((total, line) => total + Number(/tasks, (\d+) more of them/.exec(line)?.[1] ?? 1), 0);
  const task = (address: string): [string, RequestInit] => [
    '/api/v1/tasks',
    { method: 'POST', headers: from(address), body: '{"type":"divide"}' },
  ];

  it('is a few entries with their counts, whatever the addresses and ways', async () => {
    await flood(1500, () => task('203.0.113.1'));
    await flood(500, () => task('203.0.113.2'));
    await flood(800, (i) => task(`2001:db8:1:2::${i.toString(16)}`));
    await flood(300, (i) => task(`2001:db8:1:3:${i.toString(16)}::1`));
    await flood(400, (i) => [`/tasks/t${i}/cancel`, { method: 'POST', headers: from('203.0.113.3') }]);
    const bearer = { ...from('203.0.113.4'), authorization: `Bearer roost_${'x'.repeat(43)}` };
    await flood(200, () => ['/api/v1/tasks', { headers: bearer }]);

    const rows = nobodys(await audit());
    expect(sum(rows)).toBe(3700);
    // Twice as many where the hour has turned meanwhile.
    expect(rows.length).toBeLessThanOrEqual(2 * 16);
    const by = (address: string) => sum(rows.filter((row) => row.from === address));
    expect(
      [
        ...['203.0.113.1', '203.0.113.2', '2001:db8:1:2::/64', '2001:db8:1:3::/64'],
        ...['203.0.113.3', '203.0.113.4'],
      ].map(by),
    ).toEqual([1500, 500, 800, 300, 400, 200]);
    const [one] = rows.filter((row) => row.from === '203.0.113.2');
    expect(one).toMatchObject({
      method: 'POST',
      path: '/api/v1/tasks',
      status: 401,
      code: 'UNAUTHENTICATED',
    });
    expect(Date.parse(one!.lastAt!)).toBeGreaterThan(Date.parse(one!.at));
    expect(rows.filter((row) => row.from === '203.0.113.4')[0]!.method).toBe('GET');
  });

  it('leaves every act of somebody known an entry of its own, done or refused', async () => {
    const vera = new BrowserClient(roost.url);
    await vera.signIn('vera', PASSWORD);
    const csrf = { 'x-csrf-token': await vera.csrf() };
    for (let i = 0; i < 30; i++) await vera.call('POST', '/api/v1/queues/cpu/pause', {}, csrf);
    const its = { 'x-csrf-token': await ada.csrf() };
    for (let i = 0; i < 6; i++)
      await ada.call('POST', `/api/v1/queues/cpu/${i % 2 ? 'resume' : 'pause'}`, {}, its);
    expect((await audit('&who=vera&permission=queues.control')).map(({ count }) => count)).toEqual(
      Array<number>(30).fill(1),
    );
    expect(await audit('&who=ada&permission=queues.control')).toHaveLength(6);
  });

  it('has wrong logins by whose name was tried', async () => {
    const guest = new BrowserClient(roost.url);
    const _csrf = csrfIn((await guest.get('/login')).text);
    const guess = (name: string) =>
      guest.post(
        '/login',
        { name, password: 'a guess', _csrf },
        { ...from('203.0.113.5'), 'content-type': 'application/x-www-form-urlencoded' },
      );
    for (let i = 0; i < 6; i++) await guess('vera');
    for (let i = 0; i < 9; i++) await guess(`not a name ${i}`);
    const rows = nobodys(await audit()).filter((row) => row.from === '203.0.113.5');
    expect(sum(rows)).toBe(15);
    expect(sum(rows.filter(({ targets }) => targets[0] === 'vera'))).toBe(6);
    expect(sum(rows.filter(({ status }) => status === 429))).toBe(5);
    expect(JSON.stringify(rows)).not.toContain('not a name');
  });

  it('is told on the page and in both files', async () => {
    const { text } = await ada.get('/monitor/audit?outcome=refused');
    expect(text).toMatch(/1,500&nbsp;times/);
    expect(text).toContain('2001:db8:1:2::/64');
    expect(text).toContain('UNAUTHENTICATED');
    const csv = await ada.call('GET', '/api/v1/audit/export?format=csv');
    const [head, ...lines] = csv.text.trim().split('\r\n');
    expect(head).toMatch(/,code,count,lastAt$/);
    expect(lines.some((line) => /,203\.0\.113\.2,.*,UNAUTHENTICATED,500,2\d{3}-/.test(line))).toBe(true);
    const ndjson = (await ada.call('GET', '/api/v1/audit/export?format=ndjson')).text.trim().split('\n');
    expect(sum(nobodys(ndjson.map((line) => JSON.parse(line) as AuditView)))).toBeGreaterThanOrEqual(3700);
  });

  it('is counted to the end, in audit and log, when the web app is stopped right behind it', async () => {
    const file = () => readFileSync(join(roost.logDir, 'web.log'), 'utf8');
    const before = { file: file().length, terminal: roost.web.output.length };
    await flood(700, () => task('203.0.113.77'));
    await roost.web.stop();
    expect(logged(roost.web.output.slice(before.terminal))).toBe(700);
    expect(logged(file().slice(before.file))).toBe(700);
    const engine = new StoreEngine({ file: join(roost.logDir, 'history.db') });
    try {
      const rows = engine.searchAudit({ limit: 1000 }).filter((row) => row.from === '203.0.113.77');
      expect(sum(rows)).toBe(700);
      expect(rows.length).toBeLessThanOrEqual(2);
    } finally {
      engine.close();
    }
  });
});

describe('who asks too often', () => {
  let roost: Roost;
  let ada: BrowserClient;

  beforeAll(async () => {
    ({ roost, ada } = await startWithAda({ RATE_LIMIT_PER_MINUTE: '50' }));
  });

  afterAll(() => roost.stop());

  const aMinute = () => until('the minute is young', () => Date.now() % 60_000 < 40_000, 25_000);

  it('is sent away before anything is looked at, stranger or not, and no address for another', async () => {
    const csrf = await ada.csrf();
    const { token } = JSON.parse(
      (
        await ada.call(
          'POST',
          '/api/v1/tokens',
          { name: 'busy', permissions: ['tasks.read'] },
          { 'x-csrf-token': csrf },
        )
      ).text,
    ) as { token: string };
    await aMinute();
    const stranger = async (address: string) => {
      const answer = await fetch(`${roost.url}/tasks/x/cancel`, { method: 'POST', headers: from(address) });
      await answer.arrayBuffer();
      return answer;
    };
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, i) => stranger(`2001:db8::${i.toString(16)}`)),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(50);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(40);
    expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await stranger('2001:db8:0:1::1')).status).toBe(401);

    const own = { authorization: `Bearer ${token}`, 'x-forwarded-for': '2001:db8::1' };
    const sent = await Promise.all(
      Array.from({ length: 80 }, async (_, i) => {
        const answer = await fetch(`${roost.url}/api/v1/tasks/t${i}/cancel`, {
          method: 'POST',
          headers: own,
        });
        await answer.arrayBuffer();
        return answer.status;
      }),
    );
    expect(sent.filter((status) => status === 403)).toHaveLength(50);
    expect(sent.filter((status) => status === 429)).toHaveLength(30);

    // ada has used up none of what the token has.
    const { items } = JSON.parse((await ada.call('GET', '/api/v1/audit?limit=200')).text) as AuditPage;
    const limited = items
      .filter(({ code }) => code === 'TOO_MANY_REQUESTS')
      .sort((a, b) => a.count - b.count);
    expect(limited.map(({ who, count }) => [who, count])).toEqual([
      ['busy (token of ada)', 30],
      [null, 40],
    ]);
    // Refusals for another reason are listed one by one.
    expect(items.filter(({ code, who }) => code === 'FORBIDDEN' && who !== null)).toHaveLength(50);
  });
});
