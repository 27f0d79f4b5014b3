import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { hashPassword } from '../../src/auth/password.js';
import type { BulkView } from '../../src/bulk-actions/bulk-actions.openapi.js';
import type { Bulk } from '../../src/history/ports/bulk-store.js';
import type { StoredAuditEntry } from '../../src/history/ports/audit-store.js';
import { StoreEngine } from '../../src/history/sqlite/store-engine.js';
import { BrowserClient } from '../support/browser-client.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';
import { percentile, printFigures } from './support/figures.js';
import { Random } from './support/random.js';

const PASSWORD = 'a password for all of them';
/** 1,000 by somebody known; the queue's own log, which shows what took effect, keeps 100. */
const COUNTS = { delete: 240, cancel: 200, form: 80, retry: 180, bulk: 80, submit: 140, queue: 80 };
const ANONYMOUS = 60;
const AT_ONCE = 8;
const SETTLE_MS = 60_000;
const random = Random.ofRun();

type Kind = keyof typeof COUNTS | 'anonymous';

interface Request {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
  permission: string;
}

interface Write extends Request {
  kind: Kind;
  requestId: string;
  /** The task it is about; '' where there is none before it. */
  target: string;
  who: string;
  /** The client saw the beginning of an answer before it cut. */
  isAnswered?: boolean;
}

describe('S45: the audit of writes whose client cuts the connection', () => {
  let roost: Roost;
  let ada: BrowserClient;
  let redis: Redis;
  const access: Record<string, { headers: Record<string, string>; csrf: string }> = {};

  beforeAll(async () => {
    const hash = await hashPassword(PASSWORD, { logN: 10, r: 8, p: 1 });
    roost = await Roost.start({
      worker: false,
      env: { ACCESS_USERS: `ada:admin:${hash},bob:operator:${hash}` },
    });
    redis = new Redis(roost.redis.url);
    ada = new BrowserClient(roost.url);
    await ada.signIn('ada', PASSWORD);
    const csrf = await ada.csrf();
    const cookie = [...ada.cookies].map((pair) => pair.join('=')).join('; ');
    access.ada = { headers: { cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'same-origin' }, csrf };
    const bob = new BrowserClient(roost.url);
    await bob.signIn('bob', PASSWORD);
    const permissions = ['tasks.read', 'tasks.submit', 'tasks.act', 'tasks.bulk', 'queues.control'];
    const made = await bob.call(
      'POST',
      '/api/v1/tokens',
      { name: 'cutter', permissions },
      { 'x-csrf-token': await bob.csrf() },
    );
    const { token } = JSON.parse(made.text) as { token: string };
    access['cutter (token of bob)'] = { headers: { authorization: `Bearer ${token}` }, csrf: '' };
  });

  afterAll(async () => {
    redis?.disconnect();
    await roost?.stop();
  });

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const { status, text } = await ada.call(method, path, body, { 'x-csrf-token': access.ada!.csrf });
    if (status >= 400) throw new Error(`${method} ${path} answered ${status}: ${text}`);
    return JSON.parse(text) as T;
  };

  const submitMany = async (count: number): Promise<string[]> => {
    const body = Array.from({ length: count }, (_, x) => ({ type: 'divide', input: { x, y: 1 } }));
    const { items } = await call<{ items: { id: string }[] }>('POST', '/api/v1/tasks/bulk', body);
    return items.map(({ id }) => id);
  };

  /** Every write has a target of its own, so that what it did can be told from what others did. */
  const makeWrites = async (): Promise<Write[]> => {
    const { queue, submit, ...onTasks } = COUNTS;
    const needed = Object.values(onTasks).reduce((sum, n) => sum + n, ANONYMOUS);
    const ids = await submitMany(needed);
    const toRetry = ids.splice(0, COUNTS.retry);
    const { links } = await call<BulkView>('POST', '/api/v1/bulk-actions', {
      action: 'cancel',
      ids: toRetry,
    });
    await until(
      'tasks to retry are cancelled',
      async () => (await call<BulkView>('GET', links.self)).state === 'completed',
    );
    const kinds: Kind[] = [
      ...Object.entries(COUNTS).flatMap(([kind, n]) => Array.from({ length: n }, () => kind as Kind)),
      ...Array.from({ length: ANONYMOUS }, () => 'anonymous' as const),
    ];
    const writes = kinds.map((kind, n): Write => {
      const who = kind === 'anonymous' ? '' : kind === 'form' ? 'ada' : random.pick(Object.keys(access));
      const target = kind === 'retry' ? toRetry.pop()! : kind in { queue, submit } ? '' : ids.pop()!;
      return { kind, requestId: `cut-${n}`, target, who, ...requestOf(kind, target, n) };
    });
    for (let i = writes.length - 1; i > 0; i--) {
      const j = random.int(0, i);
      [writes[i], writes[j]] = [writes[j]!, writes[i]!];
    }
    return writes;
  };

  const requestOf = (kind: Kind, target: string, n: number): Request => {
    const json = (body: object) => ({
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    switch (kind) {
      case 'cancel':
      case 'retry':
        return {
          ...{ method: 'POST', path: `/api/v1/tasks/${target}/${kind}`, permission: 'tasks.act' },
          headers: {},
        };
      case 'form':
        return {
          ...{ method: 'POST', path: `/tasks/${target}/cancel`, permission: 'tasks.act' },
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ reason: `reason ${n}`, _csrf: access.ada!.csrf }).toString(),
        };
      case 'bulk':
        return {
          ...{ method: 'POST', path: '/api/v1/bulk-actions', permission: 'tasks.bulk' },
          ...json({ action: 'delete', ids: [target], reason: `reason ${n}` }),
        };
      case 'submit':
        return {
          ...{ method: 'POST', path: '/api/v1/tasks', permission: 'tasks.submit' },
          ...json({ type: 'divide', input: { x: 1, y: 2 } }),
        };
      case 'queue':
        return {
          method: 'POST',
          path: `/api/v1/queues/cpu/${n % 2 ? 'resume' : 'pause'}`,
          permission: 'queues.control',
          ...json({ reason: `reason ${n}` }),
        };
      default:
        return { method: 'DELETE', path: `/api/v1/tasks/${target}`, permission: 'tasks.act', headers: {} };
    }
  };

  const bytesOf = ({ method, path, headers, body = '', who, requestId }: Write): Buffer => {
    const all = {
      ...{ host: '127.0.0.1', 'x-request-id': requestId, 'content-length': String(Buffer.byteLength(body)) },
      ...{ ...access[who]?.headers, ...headers },
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    return Buffer.from([`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n'));
  };

  /** Sends it, or a part of it, and resets the connection some time later. */
  const sendAndCut = async (write: Write, longestMs: number): Promise<void> => {
    const socket = connect(Number(new URL(roost.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.once('data', () => (write.isAnswered = true));
    await once(socket, 'connect');
    const bytes = bytesOf(write);
    socket.write(random.chance(0.15) ? bytes.subarray(0, random.int(1, bytes.length - 1)) : bytes);
    const waitMs = random.next() * longestMs;
    if (waitMs >= 1) await delay(waitMs);
    else for (let turn = random.int(0, 5); turn > 0; turn--) await new Promise(setImmediate);
    socket.resetAndDestroy();
  };

  /** How long a write takes under the load of this test, ms. */
  const measure = async (): Promise<number> => {
    const ids = await submitMany(5 * AT_ONCE);
    const took: number[] = [];
    const lane = async () => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        const startedAt = performance.now();
        await ada.call('DELETE', `/api/v1/tasks/${id}`, undefined, { 'x-csrf-token': access.ada!.csrf });
        took.push(performance.now() - startedAt);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    return percentile(took, 0.9);
  };

  /** Request ids of the writes that took effect, by what Redis and the bulk actions say. */
  const findDone = async (writes: Write[], bulks: Bulk[]): Promise<Set<string>> => {
    const base = 'roost:default:';
    const hashes = (await redis.keys(`${base}t*`)).filter((key) => key.split(':').length === 3);
    const heads = await Promise.all(hashes.map((key) => redis.hget(key, 'data')));
    const reasons = new Set([
      ...(await redis.lrange('roost:cpu:control:log', 0, -1)).map(
        (line) => (JSON.parse(line) as { reason?: string }).reason,
      ),
      ...bulks.map(({ reason }) => reason),
    ]);
    const isDone = async ({ kind, target, body, requestId }: Write): Promise<boolean> => {
      const isCancelled = (await redis.zscore(`${base}cancelled`, target)) !== null;
      switch (kind) {
        case 'cancel':
        case 'form':
          return isCancelled;
        case 'retry':
          return !isCancelled;
        case 'submit':
          return heads.some((data) => data?.includes(`"requestId":"${requestId}"`));
        case 'queue':
        case 'bulk':
          return reasons.has((JSON.parse(body!) as { reason: string }).reason);
        default:
          return !hashes.includes(base + target);
      }
    };
    const all = await Promise.all(writes.map(isDone));
    return new Set(writes.filter((_, i) => all[i]).map(({ requestId }) => requestId));
  };

  it('has who, from where, what and the truth for each of 1,000, and records done for no other', async () => {
    const writes = await makeWrites();
    expect(writes).toHaveLength(1_000 + ANONYMOUS);
    const longestMs = 1.5 * (await measure());
    const left = [...writes];
    const lane = async () => {
      for (let write = left.pop(); write; write = left.pop()) await sendAndCut(write, longestMs);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));

    const engine = new StoreEngine({ file: roost.env.HISTORY_URL!.slice('file:'.length) });
    try {
      const read = () => {
        const found: StoredAuditEntry[] = [];
        for (let page = [...engine.searchAudit({ limit: 1_000 })]; page.length > 0;) {
          found.push(...page);
          page = engine.searchAudit({ limit: 1_000, after: page.at(-1)! });
        }
        return new Map(found.map((entry) => [entry.requestId, entry]));
      };
      const bulks = () => engine.bulks('list', [{ limit: 1_000 }]) as Bulk[];
      const settled = async () => {
        const entries = read();
        return [...(await findDone(writes, bulks()))].every((id) => entries.has(id));
      };
      // Without one of them the sentences below say which.
      await until('all that was done has an entry', settled, SETTLE_MS).catch(() => undefined);
      await roost.web.stop();

      const done = await findDone(writes, bulks());
      const entries = read();
      const unseen = writes.filter(({ requestId, isAnswered }) => done.has(requestId) && !isAnswered);
      printFigures('S45 audit of cut writes', random, {
        writes: writes.length,
        cutWithin: Math.round(longestMs),
        answered: writes.filter(({ isAnswered }) => isAnswered).length,
        tookEffect: done.size,
        tookEffectUnanswered: unseen.length,
        entries: entries.size,
        stoppedBefore: [...entries.values()].filter(({ status }) => status === 499).length,
      });
      // The dice did their work: a good part took effect without the client having seen it.
      expect(unseen.length).toBeGreaterThan(50);
      expect(writes.length - done.size).toBeGreaterThan(50);
      for (const { requestId, method, path, who, permission, target, kind } of writes) {
        const entry = entries.get(requestId);
        if (!done.has(requestId)) {
          // A queue that is not paused can be resumed: that is done, and changes nothing.
          if (!path.endsWith('/resume'))
            expect({ requestId, kind, outcome: entry?.outcome }).not.toMatchObject({ outcome: 'done' });
          continue;
        }
        expect({ kind, ...entry }).toMatchObject({
          ...{ kind, requestId, method, path, who, permission, from: '127.0.0.1', outcome: 'done', count: 1 },
          via: who === 'ada' ? 'session' : 'token',
        });
        if (target) expect(entry!.targets).toContain(target);
      }
    } finally {
      engine.close();
    }
  });
});
