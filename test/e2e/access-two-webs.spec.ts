import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '../../src/auth/password.js';
import type { ExportedEntry } from '../../src/audit/audit-view.js';
import { AuditFile } from '../../src/history/sqlite/audit-file.js';
import { toAuditKey } from '../../src/history/sqlite/audit-seal.js';
import { BrowserClient, csrfIn } from '../support/browser-client.js';
import type { RunningApp } from '../support/processes.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const PASSWORD = 'a password for all of them';
const SECRET = 'a-secret-that-both-web-apps-are-given';

/** As behind a proxy that sends each request to another process. */
describe('a login with two web processes', () => {
  let roost: Roost;
  let second: RunningApp;
  const folder = mkdtempSync(join(tmpdir(), 'roost-exported-'));
  const exported = join(folder, 'audit.jsonl');

  beforeAll(async () => {
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    roost = await Roost.start({
      worker: false,
      twoWebs: true,
      env: {
        ACCESS_USERS: `ada:admin:${hash},vera:viewer:${hash}`,
        // Each has a working folder of its own, as on two machines.
        ACCESS_SECRET: SECRET,
        AUDIT_EXPORT: `file:${exported}`,
      },
    });
    second = roost.second;
  });

  afterAll(async () => {
    await roost.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const carry = (from: BrowserClient, to: string): BrowserClient => {
    const client = new BrowserClient(to);
    for (const [name, value] of from.cookies) client.cookies.set(name, value);
    return client;
  };

  it('is begun at one, used at the other with the token of a form of the first, and over for both', async () => {
    const begun = new BrowserClient(roost.url);
    const form = await begun.get('/login');
    // The form of one process, sent to the other.
    const there = carry(begun, second.url!);
    const answer = await there.post('/login', { name: 'ada', password: PASSWORD, _csrf: csrfIn(form.text) });
    expect(answer.status).toBe(303);
    const here = carry(there, roost.url);
    const _csrf = csrfIn((await here.get('/submit?type=divide')).text);
    expect(_csrf).toMatch(/^[\w-]{86}$/);
    const task = { type: 'divide', 'input.x': '1', 'input.y': '2', key: 'from-here', 'options.delay': '10' };
    const sent = await there.post('/submit?type=divide', { ...task, 'options.delayUnit': 'm', _csrf });
    expect([sent.status, sent.location]).toEqual([303, expect.stringMatching(/^\/tasks\//)]);
    expect((await there.post('/submit?type=divide', { ...task, key: 'without' })).status).toBe(403);
    const cookie = [...there.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const stream = await fetch(`${second.url}/api/v1/events`, {
      headers: { cookie, accept: 'text/event-stream' },
    });
    expect(stream.status).toBe(200);
    expect((await here.post('/logout', { _csrf })).status).toBe(303);
    // It ends at once: before the first sign of life, of which it would take two to notice by itself.
    expect(await stream.text()).toMatch(/^(?![^]*still here)[^]*event: bye\n/);
    expect((await there.get('/tasks')).status).toBe(401);
    expect((await there.post('/submit?type=divide', { ...task, key: 'too late', _csrf })).status).toBe(401);
  });

  it('is audited in one chain, of which each link is exported once and in order', async () => {
    const ada = new BrowserClient(roost.url);
    await ada.signIn('ada', PASSWORD);
    const csrf = { 'x-csrf-token': await ada.csrf() };
    const both = [ada, carry(ada, second.url!)];
    const writes = Array.from({ length: 40 }, (_, n) =>
      both[n % 2]!.call('POST', `/api/v1/queues/cpu/${n % 3 ? 'pause' : 'resume'}`, { reason: `${n}` }, csrf),
    );
    expect(new Set((await Promise.all(writes)).map(({ status }) => status))).toEqual(new Set([200]));

    const audit = new AuditFile(roost.env.HISTORY_URL!.slice('file:'.length), [toAuditKey(SECRET)]);
    try {
      await until('all of it is written', () => {
        const reasons = [...audit.entries()].map(({ entry: { reason } }) => reason);
        return Array.from({ length: 40 }, (_, n) => `${n}`).every((reason) => reasons.includes(reason));
      });
      const { broken, isSealed, head } = audit.check();
      expect({ broken, isSealed }).toEqual({ broken: undefined, isSealed: true });
      const read = () => readFileSync(exported, 'utf8').trim().split('\n');
      await until('all of it is exported', () => read().length >= head.n);
      const links = read().map((line) => (JSON.parse(line) as ExportedEntry).link);
      expect(links.slice(0, head.n)).toEqual(Array.from({ length: head.n }, (_, i) => i + 1));
    } finally {
      audit.close();
    }
  });

  it('shows the answers to a command sent through one in both, as often as the page is loaded', async () => {
    const ada = new BrowserClient(roost.url);
    await ada.signIn('ada', PASSWORD);
    const there = carry(ada, second.url!);
    await roost.startWorker();
    const list = await there.call('GET', '/api/v1/workers');
    const [worker] = (JSON.parse(list.text) as { items: { id: string; name: string }[] }).items;
    const sent = await ada.post('/monitor/workers', {
      ...{ command: 'pause', id: worker!.id, reason: 'two webs' },
      _csrf: await ada.csrf(),
    });
    expect([sent.status, sent.location]).toEqual([
      303,
      expect.stringMatching(/^\/monitor\/workers\?replies=[0-9a-f-]{36}$/),
    ]);
    for (const client of [there, ada, there]) {
      const { text } = await client.get(sent.location!);
      expect(text).toContain('id="replies-title">Pause 1 worker<');
      expect(text).toContain(`id="reply-${worker!.id}"`);
    }
    const another = sent.location!.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    expect((await there.get(another)).text).not.toContain('replies-title');
    const redis = new Redis(roost.redis.url);
    try {
      const [key, ...more] = await redis.keys('roost:fleet:results:*');
      expect([more, await redis.pttl(key!)]).toEqual([[], expect.any(Number)]);
      expect(await redis.pttl(key!)).toBeGreaterThan(60_000);
      for (const damaged of ['{"command":"pause"', '{"command":"pause","answers":7}']) {
        await redis.set(key!, damaged);
        expect((await there.get(sent.location!)).status).toBe(200);
      }
    } finally {
      redis.disconnect();
    }
  });

  it('is guessed at ten times in both together', async () => {
    const clients = [new BrowserClient(roost.url), new BrowserClient(second.url!)];
    const forms = await Promise.all(clients.map(async (client) => csrfIn((await client.get('/login')).text)));
    const statuses: number[] = [];
    for (let i = 0; i < 14; i++) {
      const form = { name: 'vera', password: `guess ${i}`, _csrf: forms[i % 2]! };
      statuses.push((await clients[i % 2]!.post('/login', form)).status);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(401), ...Array<number>(4).fill(429)]);
  });
});
