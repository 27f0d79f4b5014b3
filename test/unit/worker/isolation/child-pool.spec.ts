import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ChildPool, type PoolChild } from '../../../../src/worker/isolation/child-pool.js';

const IDLE_MS = 60_000;

class FakeChild implements PoolChild {
  tasksDone = 0;
  told: string[] = [];
  becomeReady: () => void = () => undefined;
  die: (how: string) => void = () => undefined;
  readonly ready = new Promise<void>((resolve) => (this.becomeReady = resolve));
  readonly gone = new Promise<string>((resolve) => (this.die = resolve));

  constructor(readonly limitMb: number) {}

  end(): void {
    this.told.push('end');
  }

  kill(): void {
    this.told.push('kill');
    this.die('killed');
  }
}

describe('ChildPool', () => {
  let started: FakeChild[];
  let pool: ChildPool<FakeChild>;
  const signal = new AbortController().signal;
  /** Lets everything go on that waits for promises. */
  const settle = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const ready = async (child: FakeChild | undefined) => {
    child!.becomeReady();
    await settle();
    return child!;
  };

  beforeEach(() => {
    jest.useFakeTimers();
    started = [];
    pool = new ChildPool<FakeChild>({
      start: (limitMb) => {
        const child = new FakeChild(limitMb);
        started.push(child);
        return child;
      },
      toError: (death) => new Error(String(death)),
      max: 3,
      maxStarting: 2,
      idleMs: IDLE_MS,
    });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('provides the warm child and starts none', async () => {
    pool.startWarm(512);
    const warm = await ready(started[0]);
    await expect(pool.acquire(512, signal)).resolves.toBe(warm);
    expect(started).toHaveLength(1);
  });

  it('takes the child used last first', async () => {
    const taking = [pool.acquire(512, signal), pool.acquire(512, signal)];
    for (const child of started) await ready(child);
    const [first, second] = await Promise.all(taking);
    pool.release(second!, true);
    pool.release(first!, true);
    await expect(pool.acquire(512, signal)).resolves.toBe(first);
  });

  it('starts no more at once than allowed, and serves who waits with whichever is there first', async () => {
    const taken: FakeChild[] = [];
    for (let i = 0; i < 4; i++) void pool.acquire(512, signal).then((child) => taken.push(child));
    expect(started).toHaveLength(2);
    const first = await ready(started[0]);
    expect(taken).toEqual([first]);
    expect(started).toHaveLength(3);
    pool.release(first, true);
    await settle();
    expect(taken).toEqual([first, first]);
  });

  it('starts none while one is about to come back', async () => {
    const taking = pool.acquire(512, signal);
    const child = await ready(started[0]);
    await taking;
    pool.expectRelease(child);
    const next = pool.acquire(512, signal);
    expect(started).toHaveLength(1);
    pool.release(child, true);
    await expect(next).resolves.toBe(child);
  });

  it('never gives a child to a task with another memory limit', async () => {
    pool.startWarm(512);
    await ready(started[0]);
    const other = pool.acquire(128, signal);
    expect(started.map(({ limitMb }) => limitMb)).toEqual([512, 128]);
    await expect(ready(started[1]).then(() => other)).resolves.toBe(started[1]);
  });

  it('ends an idle one of another limit where there would be too many', async () => {
    for (const limit of [128, 256, 512]) {
      const taking = pool.acquire(limit, signal);
      await ready(started.at(-1));
      pool.release(await taking, true);
    }
    void pool.acquire(1024, signal);
    expect(started.map(({ told }) => told)).toEqual([['end'], [], [], []]);
  });

  it('replaces one that is given back as not reusable, and keeps one warm', async () => {
    pool.startWarm(512);
    const child = await ready(started[0]);
    await pool.acquire(512, signal);
    pool.release(child, false);
    expect(child.told).toEqual(['end']);
    expect(started).toHaveLength(2);
  });

  it('ends idle ones beyond the first when they come of age', async () => {
    const taking = [pool.acquire(512, signal), pool.acquire(512, signal)];
    for (const child of started) await ready(child);
    for (const child of await Promise.all(taking)) pool.release(child, true);
    jest.advanceTimersByTime(IDLE_MS);
    expect(started.flatMap(({ told }) => told)).toEqual(['end']);
  });

  it('fails one waiting task when a child cannot be started, and tries no more for it', async () => {
    const taking = pool.acquire(512, signal);
    started[0]!.die('no memory');
    await expect(taking).rejects.toThrow('no memory');
    expect(started).toHaveLength(1);
  });

  it('does not start a child over and over that dies before it did anything', async () => {
    pool.startWarm(512);
    const child = await ready(started[0]);
    child.die('crashed');
    await settle();
    expect(started).toHaveLength(1);
    expect(pool.list()).toEqual([]);
  });

  it('lets go of a task that is aborted while it waits', async () => {
    const controller = new AbortController();
    const taking = pool.acquire(512, controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(taking).rejects.toThrow('cancelled');
    const child = await ready(started[0]);
    await expect(pool.acquire(512, signal)).resolves.toBe(child);
  });

  it('restarts idle ones at once and busy ones when they are done', async () => {
    const taking = [pool.acquire(512, signal), pool.acquire(512, signal)];
    for (const child of started) await ready(child);
    const [idle, busy] = await Promise.all(taking);
    pool.release(idle!, true);
    expect(pool.restart()).toEqual({ ended: 1, later: 1 });
    expect([idle!.told, busy!.told]).toEqual([['end'], []]);
    pool.release(busy!, true);
    expect(busy!.told).toEqual(['end']);
  });

  it('closes: ends what is there, kills what starts or does not listen, and accepts nothing more', async () => {
    pool.startWarm(512);
    const listens = await ready(started[0]);
    const deafTaking = pool.acquire(128, signal);
    const deaf = await ready(started[1]);
    await deafTaking;
    const waiting = pool.acquire(256, signal);
    waiting.catch(() => undefined);
    const closing = pool.close(1000);
    expect([listens.told, deaf.told, started[2]!.told]).toEqual([['end'], ['end'], ['kill']]);
    await expect(waiting).rejects.toThrow('is stopping');
    listens.die('ended');
    jest.advanceTimersByTime(1000);
    await closing;
    expect(deaf.told).toEqual(['end', 'kill']);
    expect(pool.list()).toEqual([]);
    await expect(pool.acquire(512, signal)).rejects.toThrow('is stopping');
  });
});
