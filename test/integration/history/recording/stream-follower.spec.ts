import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FollowedQueues } from '../../../../src/history/recording/followed-queues.js';
import { StreamFollower } from '../../../../src/history/recording/stream-follower.js';
import { comparePlaces } from '../../../../src/bullmq/codec/task-event.js';
import { JOB_FIELDS } from '../../../../src/bullmq/codec/task-record.js';
import { toAsynchronous } from '../../../../src/history/sqlite/asynchronous.js';
import type { RecordingStore } from '../../../../src/history/ports/recording-store.js';
import { RecordingEngine } from '../../../../src/history/sqlite/recording-engine.js';

const T = 1_795_400_000_000;
/** Fields in an answer of READ_JOBS. */
const FIELDS = [...JOB_FIELDS, 'stacktrace'];

type Event = [at: number, name: string, prev?: string, value?: string];

/** Answers as the scripts do, with the events and jobs it is given. */
class ScriptedRedis {
  private readonly events: [place: string, ...parts: string[]][] = [];
  private readonly jobs = new Map<string, unknown[]>();
  /** Runs once, between the read of the events and that of the jobs. */
  betweenReads: (() => void) | undefined;

  constructor(private readonly base: string) {}

  tell(id: string, ...events: Event[]): void {
    for (const [at, name, prev = '', value = ''] of events)
      this.events.push([`${T + at}-${this.events.length}`, name, id, prev, value]);
  }

  put(id: string, state: string, fields: Record<string, string | number>, attempts: string[] = []): void {
    const all: Record<string, string | number> = { name: 'mail', opts: '{}', timestamp: T, ...fields };
    const values = FIELDS.map((name) => (all[name] === undefined ? false : String(all[name])));
    const data = '{"to":"ada"}';
    this.jobs.set(id, [state, 0, data.length, 0, data, '', 1, attempts, 0, 0, ...values]);
  }

  forgetAfter(at: number): void {
    while (Number.parseInt(this.events.at(-1)![0], 10) > T + at) this.events.pop();
  }

  drop(id: string): void {
    this.jobs.delete(id);
  }

  roostReadStreams(n: number, ...args: (string | number)[]): Promise<string> {
    const reads = args.slice(0, n).map((key, i) => {
      if (key !== `${this.base}events`) return ['', '', '0-0', 0];
      const place = String(args[n + 3 + i]);
      const news = this.events.filter(([at]) => comparePlaces(at, place) > 0);
      const last = this.events.at(-1)?.[0] ?? '';
      return [this.events[0]?.[0] ?? '', last, last || place, news.flat()];
    });
    return Promise.resolve(JSON.stringify([String(T), ...reads]));
  }

  roostReadJobs(_bytes: number, asked: string): Promise<string> {
    this.betweenReads?.();
    this.betweenReads = undefined;
    const args = JSON.parse(asked) as (string | number)[];
    const rows: unknown[] = [];
    for (let i = 0; i < args.length; i += 3) rows.push(this.jobs.get(String(args[i + 1])) ?? false);
    return Promise.resolve(JSON.stringify(rows));
  }

  roostLastIds(): Promise<string[]> {
    return Promise.resolve([]);
  }
}

/** With its disk in the test's hands. */
class HandledEngine extends RecordingEngine {
  pragma(pragma: string): void {
    this.db.exec(`PRAGMA ${pragma}`);
  }

  lock(): void {
    this.db.exec('BEGIN IMMEDIATE');
  }

  unlock(): void {
    this.db.exec('ROLLBACK');
  }
}

describe('recording what the events of a queue tell', () => {
  let engine: HandledEngine;
  let redis: ScriptedRedis;
  let follower: StreamFollower;

  beforeEach(() => {
    engine = new HandledEngine({ file: ':memory:' });
  });

  afterEach(() => engine.close());

  function follow(queue: string): void {
    const queues = new FollowedQueues('roost', ['default', 'cpu']);
    redis = new ScriptedRedis(queues.addByName(queue).base);
    follower = new StreamFollower(redis, toAsynchronous<RecordingStore>(engine), queues);
  }

  function numbers() {
    const [all] = engine.numbers({ from: 0, to: T + 86_400_000, step: 'all' });
    const { added, completed, failed, retried } = all!;
    return { added, completed, failed, retried };
  }

  const ADDED: Event[] = [
    [0, 'added', '', 'mail'],
    [0, 'waiting'],
    [5, 'active', 'waiting'],
  ];

  describe.each(['default', 'bull:mail'])('of %s', (queue) => {
    beforeEach(() => follow(queue));

    it('counts the attempts of a job that was gone before its end could be read', async () => {
      redis.tell('1', ...ADDED);
      redis.put('1', 'active', { ats: 1, atm: 0, processedOn: T + 5 }, [
        `{"worker":"w1","startedAt":${T + 5}}`,
      ]);
      await follower.step();
      redis.tell('1', [9, 'delayed', 'active'], [20, 'waiting', 'delayed'], [21, 'active', 'waiting']);
      redis.tell('1', [30, 'completed', 'active', '7']);
      redis.drop('1');
      await follower.step();
      expect(engine.get('1', queue)).toMatchObject({ state: 'completed', attemptsMade: 2, result: '7' });
      expect(engine.attempts('1', queue).map(({ number, outcome }) => [number, outcome])).toEqual([
        [1, 'failed'],
        [2, 'completed'],
      ]);
      expect(numbers()).toEqual({ added: 1, completed: 1, failed: 0, retried: 1 });
    });

    it('counts as failed tries all there were, where the last one failed too', async () => {
      redis.tell('1', ...ADDED, [9, 'delayed', 'active'], [20, 'waiting', 'delayed']);
      redis.tell('1', [21, 'active', 'waiting'], [30, 'failed', 'active', 'no']);
      await follower.step();
      expect(engine.get('1', queue)).toMatchObject({ state: 'failed', attemptsMade: 2 });
    });

    it('counts each time a task settled, also two in one batch', async () => {
      redis.tell('1', ...ADDED, [9, 'failed', 'active', 'no'], [20, 'waiting', 'failed']);
      redis.tell('1', [21, 'active', 'waiting'], [30, 'completed', 'active']);
      redis.put('1', 'completed', { ats: 2, atm: 1, processedOn: T + 21, finishedOn: T + 30 });
      await follower.step();
      expect(numbers()).toMatchObject({ added: 1, completed: 1, failed: 1 });
    });

    it('counts once what the job tells before its event does', async () => {
      redis.tell('1', ...ADDED);
      redis.put('1', 'completed', { ats: 1, atm: 1, processedOn: T + 5, finishedOn: T + 9 });
      await follower.step();
      expect(engine.get('1', queue)?.state).toBe('completed');
      redis.tell('1', [9, 'completed', 'active']);
      await follower.step();
      expect(numbers()).toMatchObject({ added: 1, completed: 1 });
    });

    it('counts both ends where the job already tells the second at the event of the first', async () => {
      redis.tell('1', ...ADDED, [9, 'completed', 'active']);
      redis.put('1', 'completed', { ats: 2, atm: 1, processedOn: T + 21, finishedOn: T + 30 });
      await follower.step();
      redis.tell('1', [20, 'waiting', 'completed'], [21, 'active', 'waiting'], [30, 'completed', 'active']);
      await follower.step();
      expect(numbers()).toMatchObject({ added: 1, completed: 2 });
    });
  });

  it('counts a retry that a limit holds back once it begins', async () => {
    follow('default');
    const first = `{"worker":"w1","startedAt":${T + 5},"finishedAt":${T + 9},"outcome":"failed"}`;
    redis.tell('1', ...ADDED, [9, 'delayed', 'active'], [20, 'waiting', 'delayed'], [21, 'active']);
    redis.put('1', 'active', { ats: 2, atm: 1, processedOn: T + 21 }, [first, '']);
    await follower.step();
    expect(numbers().retried).toBe(1);
    redis.tell('1', [22, 'delayed', 'held', String(T + 50)]);
    redis.put('1', 'delayed', { ats: 1, atm: 1 }, [first]);
    await follower.step();
    expect(numbers().retried).toBe(0);
    expect(engine.attempts('1', 'default')).toHaveLength(1);
    redis.tell('1', [50, 'waiting', 'delayed'], [51, 'active']);
    redis.put('1', 'active', { ats: 2, atm: 1, processedOn: T + 51 }, [first, '']);
    await follower.step();
    expect(numbers().retried).toBe(1);
  });

  describe('an id that another program uses again', () => {
    beforeEach(() => follow('bull:mail'));

    const again: Event[] = [
      [10_000, 'added', '', 'mail'],
      [10_000, 'waiting'],
      [10_005, 'active', 'waiting'],
      [10_009, 'completed', 'active', '8'],
    ];
    /** `kept`: the first one ended, and nobody deleted it. */
    const theSecond = ({ kept }: { kept: boolean }) => {
      expect(engine.get('1', 'bull:mail')).toMatchObject({ createdAt: T + 10_000, attemptsMade: 1 });
      expect(engine.attempts('1', 'bull:mail')).toHaveLength(1);
      expect(engine.transitions('1', 'bull:mail').map(({ at }) => at - T)).toEqual([10_000, 10_005, 10_009]);
      const first = engine.get(`1~${new Date(T).toISOString()}`, 'bull:mail');
      expect(first).toEqual(kept ? expect.objectContaining({ state: 'failed', createdAt: T }) : undefined);
      expect(engine.counts(null, T).total).toBe(kept ? 2 : 1);
      expect(numbers()).toEqual({ added: 2, completed: 1, failed: 1, retried: 0 });
    };
    const putSecond = () =>
      redis.put('1', 'completed', {
        ats: 1,
        atm: 1,
        timestamp: T + 10_000,
        processedOn: T + 10_005,
        finishedOn: T + 10_009,
      });

    it('is another task, within one batch, where the first was removed', async () => {
      redis.tell('1', ...ADDED, [9, 'failed', 'active', 'no'], [15, 'removed'], ...again);
      putSecond();
      await follower.step();
      theSecond({ kept: false });
    });

    it('is another task in a later batch, where the first was dropped as it ended', async () => {
      redis.tell('1', ...ADDED, [9, 'failed', 'active', 'no']);
      await follower.step();
      redis.tell('1', ...again);
      await follower.step();
      theSecond({ kept: true });
    });

    it('is another task a moment later, though both were gone before they could be read', async () => {
      redis.tell('1', ...ADDED, [9, 'completed', 'active', '7']);
      await follower.step();
      redis.tell('1', [20, 'added', '', 'mail'], [20, 'waiting'], [25, 'active', 'waiting']);
      redis.tell('1', [29, 'completed', 'active', '8']);
      await follower.step();
      expect(engine.counts(null, T).total).toBe(2);
      expect(engine.get('1', 'bull:mail')).toMatchObject({ createdAt: T + 20, result: '8' });
      expect(numbers()).toMatchObject({ added: 2, completed: 2 });
    });

    it('is another task also where both are read in one batch, and the first was dropped as it ended', async () => {
      redis.tell('1', ...ADDED, [9, 'failed', 'active', 'no'], ...again);
      putSecond();
      await follower.step();
      theSecond({ kept: true });
    });

    it('is another task when it was added between the read of the events and that of the job', async () => {
      redis.tell('1', ...ADDED, [9, 'failed', 'active', 'no']);
      redis.betweenReads = () => {
        redis.tell('1', ...again);
        putSecond();
      };
      await follower.step();
      expect(engine.counts(null, T).total).toBe(1);
      await follower.step();
      theSecond({ kept: true });
    });

    it('is not the one whose removal is read while the next one is there already', async () => {
      redis.tell('1', ...ADDED, [9, 'failed', 'active', 'no'], [15, 'removed']);
      putSecond();
      await follower.step();
      expect(engine.get('1', 'bull:mail')).toBeUndefined();
      redis.tell('1', ...again);
      await follower.step();
      theSecond({ kept: false });
    });
  });

  it('loses nothing to a disk that was full for a while', async () => {
    follow('bull:mail');
    for (let i = 0; i < 300; i++) redis.tell(`job-${i}`, ...ADDED, [9, 'completed', 'active', '7']);
    engine.pragma('max_page_count = 1');
    await expect(follower.step()).rejects.toThrow(/is full\. Nothing is lost/);
    expect(engine.counts(null, T).total).toBe(0);
    engine.pragma('max_page_count = 1000000');
    await follower.reload();
    await follower.step();
    expect(engine.counts(null, T).total).toBe(300);
    expect(numbers()).toMatchObject({ added: 300, completed: 300 });
  });

  it('loses nothing to another process that held the file for too long', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'roost-history-'));
    const other = new HandledEngine({ file: join(folder, 'history.db') });
    engine.close();
    engine = new HandledEngine({ file: join(folder, 'history.db') });
    try {
      follow('bull:mail');
      redis.tell('1', ...ADDED, [9, 'completed', 'active', '7']);
      engine.pragma('busy_timeout = 0');
      other.lock();
      await expect(follower.step()).rejects.toThrow(/locked/);
      other.unlock();
      await follower.reload();
      await follower.step();
      expect(numbers()).toMatchObject({ added: 1, completed: 1 });
    } finally {
      other.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('notices that Redis came back with older data, and goes on from there', async () => {
    follow('bull:mail');
    redis.tell('1', ...ADDED, [9, 'completed', 'active', '7']);
    redis.tell('2', [900, 'added', '', 'mail']);
    await follower.step();
    redis.forgetAfter(100);
    const { gaps } = await follower.step();
    expect(gaps).toHaveLength(1);
    expect(engine.gaps(1)).toMatchObject([{ queue: 'bull:mail', from: T + 9 }]);
    expect(engine.gaps(1)[0]!.detail).toMatch(/older data/);
    redis.tell('3', [500, 'added', '', 'mail']);
    expect((await follower.step()).gaps).toEqual([]);
    expect(engine.get('3', 'bull:mail')?.state).toBe('waiting');
  });
});
