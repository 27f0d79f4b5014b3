import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import type { Queues } from '../../../src/bullmq/shared-queues.js';
import type { CommandRedis } from '../../../src/bullmq/task-commands.js';
import { EventTail, type QueueEvent } from '../../../src/events/event-tail.js';

/** Redis with one stream. A blocking read is answered by `add`, or as empty after 2 s. */
class FakeStream {
  readonly entries: [id: string, fields: string[]][] = [];
  readonly reads: string[] = [];
  isAway = false;
  private wake = () => {};

  add(id: string, jobId: string): void {
    this.entries.push([id, ['event', 'completed', 'jobId', jobId]]);
    this.wake();
  }

  async xrevrange() {
    if (this.isAway) throw new Error('Connection is closed.');
    return this.entries.slice(-1);
  }

  async xread(...args: unknown[]) {
    const after = String(args.at(-1));
    this.reads.push(after);
    const found = () => this.entries.filter(([id]) => Number.parseInt(id) > Number.parseInt(after));
    if (found().length === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        setTimeout(resolve, 2_000);
      });
    }
    return found().length === 0 ? null : [['roost:default:events', found()]];
  }

  disconnect() {}
}

describe('the event tail', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const start = () => {
    const stream = new FakeStream();
    const queue = {
      opts: { prefix: 'roost' },
      name: 'default',
      keys: {},
      toKey: (k: string) => `roost:default:${k}`,
    };
    const queues = { names: () => ['default'], get: () => queue } as unknown as Queues;
    const redis = stream as unknown as Redis;
    const tail = new EventTail(redis, redis as CommandRedis, queues, pino({ enabled: false }));
    const heard: string[] = [];
    tail.on('batch', (events: QueueEvent[]) => void heard.push(...events.map(({ id }) => id)));
    tail.onApplicationBootstrap();
    return { stream, tail, heard };
  };

  it('reads no events while nobody holds it, and counts as flowing', async () => {
    const { stream, tail, heard } = start();
    stream.add('1-0', 'a');
    await jest.advanceTimersByTimeAsync(60_000);
    expect(stream.reads).toEqual([]);
    expect(heard).toEqual([]);
    expect(tail.flowing).toBe(true);
  });

  it('publishes every event from the moment it is held', async () => {
    const { stream, tail, heard } = start();
    stream.add('1-0', 'before');
    await jest.advanceTimersByTimeAsync(5_000);
    const [release] = await Promise.all([tail.hold(), tail.hold()]);
    expect(tail.position('default')).toBe('1-0');
    stream.add('2-0', 'a');
    await jest.advanceTimersByTimeAsync(0);
    stream.add('3-0', 'b');
    await jest.advanceTimersByTimeAsync(0);
    expect(heard).toEqual(['a', 'b']);
    release();
    release();
    // The other one still holds it.
    await jest.advanceTimersByTimeAsync(60_000);
    stream.add('4-0', 'c');
    await jest.advanceTimersByTimeAsync(0);
    expect(heard).toEqual(['a', 'b', 'c']);
  });

  it('rests a while after the last release, and continues at the end of the stream', async () => {
    const { stream, tail, heard } = start();
    const release = await tail.hold();
    await jest.advanceTimersByTimeAsync(0);
    release();
    await jest.advanceTimersByTimeAsync(20_000);
    const { length } = stream.reads;
    stream.add('5-0', 'unheard');
    await jest.advanceTimersByTimeAsync(20_000);
    expect(stream.reads).toHaveLength(length);
    await tail.hold();
    stream.add('6-0', 'a');
    await jest.advanceTimersByTimeAsync(0);
    expect(heard).toEqual(['a']);
  });

  it('fails to be held while Redis is away, and can be held later', async () => {
    const { stream, tail, heard } = start();
    stream.isAway = true;
    await expect(tail.hold()).rejects.toThrow('Connection is closed.');
    stream.isAway = false;
    await tail.hold();
    await jest.advanceTimersByTimeAsync(1_000);
    stream.add('1-0', 'a');
    await jest.advanceTimersByTimeAsync(0);
    expect(heard).toEqual(['a']);
  });
});
