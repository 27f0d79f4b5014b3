import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../support/until.js';
import type { TaskView } from '../../src/model/task-view.js';
import { printFigures } from './support/figures.js';
import { World } from './support/world.js';

describe.each(['once-work', 'once-isolated'])('ctx.once in %s', (type) => {
  let world: World;

  beforeAll(async () => {
    world = await World.start({ workers: 1 });
  }, 60_000);
  afterAll(() => world.stop());

  const ended = async (deed: string): Promise<TaskView> => {
    const { id } = await world.api.submit(type, { deed });
    return world.api.inState(id, ['completed', 'failed'], 30_000);
  };
  const effects = (id: string) => world.ledger.count('X').get(id);
  const starts = (id: string) => world.ledger.count('S').get(id);

  it('does it once in one attempt, however often it is asked', async () => {
    const task = await ended('plain');
    const { charge, again } = task.result as { charge: { receipt: number }; again: { receipt: number } };
    expect(charge.receipt).toBe(again.receipt);
    expect(effects(task.id)).toBe(1);
  });

  it('does not do it again in a second attempt, which gets what the first had', async () => {
    const { id } = await world.api.submit(type, { deed: 'fail-after' });
    const task = await world.api.inState(id, ['completed', 'failed']);
    const { items } = await world.api.get<{ items: { error?: { message: string } }[] }>(
      `/api/v1/tasks/${id}/attempts`,
    );
    const { charge } = task.result as { charge: unknown };
    expect(charge).toEqual(JSON.parse(items[0]!.error!.message));
    expect([starts(id), effects(id)]).toEqual([2, 1]);
  });

  it('does it again where it threw: nothing was stored', async () => {
    const task = await ended('throw-within');
    expect(task.state).toBe('completed');
    expect(effects(task.id)).toBe(2);
  });

  it('fails the task for good where the result cannot be stored, rather than doing it again', async () => {
    for (const deed of ['large', 'many']) {
      const task = await ended(deed);
      expect(task).toMatchObject({ state: 'failed', attempts: { made: 1 } });
      expect(task.error?.message).toMatch(/^once\('[\w-]+'\): .*65536/);
      expect(effects(task.id)).toBe(1);
    }
  });

  it('outlives the death of its process after it, but not one in the middle of it', async () => {
    const counts: Record<string, unknown> = {};
    for (const deed of ['die-after', 'die-within']) {
      const { id } = await world.api.submit(type, { deed });
      if (type === 'once-work') {
        await world.workers[0]!.ended;
        world.kills.worker++;
        world.workers.length = 0;
        await world.startWorker();
      }
      await world.api.inState(id, ['completed'], 30_000);
      counts[deed] = { starts: starts(id), effects: effects(id) };
    }
    // The second is the limit that the contract names: done, but nobody was told.
    expect(counts).toEqual({
      'die-after': { starts: 2, effects: 1 },
      'die-within': { starts: 2, effects: 2 },
    });
    printFigures(`ctx.once in ${type}`, undefined, { ...counts });
  }, 90_000);

  it('goes with its task, and leaves nothing in Redis', async () => {
    const task = await ended('plain');
    const kept = () =>
      world.withRedis((redis) => redis.hget(`roost:${task.queue}:${task.id}`, 'roost:once:charge'));
    expect(await kept()).toMatch(/receipt/);
    await world.api.call('DELETE', `/api/v1/tasks/${task.id}`);
    await until('the record is gone', async () => (await kept()) === null);
    const left = await world.withRedis((redis) => redis.keys(`*${task.id}*`));
    expect(left).toEqual([]);
  });
});
