import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { TickBatch } from '../../../src/coordination/tick-batch.js';

describe('TickBatch', () => {
  it('sends what is added in one tick together, in order, in batches of the maximum size', async () => {
    const sent: number[][] = [];
    const batch = new TickBatch<number, string>({ maxBatchSize: 2 }, async (items) => {
      sent.push(items);
      return items.map((item) => `answer ${item}`);
    });
    const answers = Promise.all([1, 2, 3].map((item) => batch.add(item)));
    expect(sent).toEqual([]);
    expect(await answers).toEqual(['answer 1', 'answer 2', 'answer 3']);
    await batch.add(4);
    expect(sent).toEqual([[1, 2], [3], [4]]);
  });

  it('rejects all of a batch that fails, and no other', async () => {
    const batch = new TickBatch<number, number>({ maxBatchSize: 2 }, async (items) => {
      if (items.includes(1)) throw new Error('away');
      return items;
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batch.add(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('rejects one item alone where its answer is an error', async () => {
    const batch = new TickBatch<number, number>({ maxBatchSize: 10 }, async (items) =>
      items.map((item) => (item === 2 ? new Error('two') : item)),
    );
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batch.add(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('starts another batch for an item that is added while one is under way', async () => {
    const sent: number[][] = [];
    let finish: () => void = () => undefined;
    const batch = new TickBatch<number, number>({ maxBatchSize: 10 }, async (items) => {
      sent.push(items);
      if (sent.length === 1) await new Promise<void>((resolve) => (finish = resolve));
      return items;
    });
    const first = batch.add(1);
    await setImmediate();
    expect(await batch.add(2)).toBe(2);
    finish();
    expect(await first).toBe(1);
    expect(sent).toEqual([[1], [2]]);
  });

  it('sends no more batches at once than allowed, and later items as soon as one ends', async () => {
    const ends: (() => void)[] = [];
    const sent: number[][] = [];
    const batch = new TickBatch<number, number>({ maxBatchSize: 2, maxRunning: 2 }, async (items) => {
      sent.push(items);
      await new Promise<void>((resolve) => ends.push(resolve));
      return items;
    });
    const answers = [1, 2, 3, 4, 5].map((item) => batch.add(item));
    await setImmediate();
    expect(sent).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const later = batch.add(6);
    await setImmediate();
    expect(sent).toHaveLength(2);
    ends[0]!();
    expect(await answers[0]).toBe(1);
    await setImmediate();
    expect(sent).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    for (const end of ends) end();
    expect(await later).toBe(6);
  });

  it('rejects what waits with a fatal error of a batch, and sends it no more', async () => {
    const sent: number[][] = [];
    const isFatal = (error: unknown) => (error as Error).message === 'away';
    const batch = new TickBatch<number, number>(
      { maxBatchSize: 1, maxRunning: 1, isFatal },
      async (items) => {
        sent.push(items);
        throw new Error(items[0] === 1 ? 'not fatal' : 'away');
      },
    );
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((item) => batch.add(item)));
    expect(sent).toEqual([[1], [2]]);
    expect(outcomes.map((outcome) => ((outcome as PromiseRejectedResult).reason as Error).message)).toEqual([
      'not fatal',
      ...['away', 'away', 'away'],
    ]);
  });
});
