import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { projectRoot, TestProcess } from '../support/processes.js';
import { RedisServer } from '../support/redis-server.js';
import { printFigures } from './support/figures.js';
import { OldBullmq } from './support/old-bullmq.js';

const OUTAGE_MS = 12_000;
const WATCHED_MS = 30_000;

describe('R7 control: an outage with bullmq 6.2.0', () => {
  let redis: RedisServer;
  const old = new OldBullmq();

  beforeAll(async () => {
    redis = await RedisServer.start({ appendOnly: true });
    await old.install();
  }, 120_000);
  afterAll(async () => {
    await redis.remove();
    old.remove();
  });

  /** Whether a job that is added after an outage is run, and when. */
  const consumedAfterOutage = async (bullmq: string): Promise<number | undefined> => {
    const worker = new TestProcess(
      'control worker',
      process.execPath,
      [join(projectRoot, 'test/chaos/support/consume.mjs'), bullmq, String(redis.port)],
      { cwd: old.folder },
    );
    let queue: Queue | undefined;
    try {
      await worker.waitForOutput(/^ready$/m);
      await delay(1_000);
      await redis.kill();
      await delay(OUTAGE_MS);
      await redis.startAgain();
      const backAt = Date.now();
      queue = new Queue('control', {
        connection: { host: '127.0.0.1', port: redis.port },
        prefix: 'control',
      });
      const { id } = await queue.add('any', {});
      const ran = worker.waitForOutput(new RegExp(`ran ${id}\\b`)).then(
        () => Date.now() - backAt,
        () => undefined,
      );
      return await Promise.race([ran, delay(WATCHED_MS, undefined, { ref: false })]);
    } finally {
      await worker.kill();
      await queue?.obliterate({ force: true });
      await queue?.close();
    }
  };

  it('is the end of a worker, and with the one we use it is not', async () => {
    const oldRanMs = await consumedAfterOutage(join(old.folder, 'node_modules/bullmq-old'));
    const oursRanMs = await consumedAfterOutage(join(projectRoot, 'node_modules/bullmq'));
    printFigures('R7 control: bullmq 6.2.0', undefined, {
      outageMs: OUTAGE_MS,
      watchedMs: WATCHED_MS,
      oldRanAfterMs: oldRanMs ?? 'never',
      oursRanAfterMs: oursRanMs ?? 'never',
    });
    expect(oldRanMs).toBeUndefined();
    expect(oursRanMs).toBeDefined();
  }, 180_000);
});
