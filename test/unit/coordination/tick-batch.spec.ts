import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { TickBatch } from '../../../src/coordination/tick-batch.js';

describe('TickBatch', () => {
  it('sends what is added in one tick together, in order, in batches of the maximum size', async () => {
    const sent: number[][] = [];
    const batch = new TickBatch<number, string>(2, async (items) => {
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
    const batch = new TickBatch<number, number>(2, async (items) => {
      if (items.includes(1)) throw new Error('away');
      return items;
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batch.add(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });

  it('rejects one item alone where its answer is rejected', async () => {
    const batch = new TickBatch<number, number>(10, async (items) =>
      items.map((item) => (item === 2 ? Promise.reject(new Error('two')) : item)),
    );
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batch.add(item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('starts another batch for an item that is added while one is under way', async () => {
    const sent: number[][] = [];
    let finish: () => void = () => undefined;
    const batch = new TickBatch<number, number>(10, async (items) => {
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
});
