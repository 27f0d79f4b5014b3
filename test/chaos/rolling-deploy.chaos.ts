import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startApp, type RunningApp } from '../support/processes.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { CarefulClient } from './support/careful-client.js';
import { nightly, printFigures } from './support/figures.js';
import { Random } from './support/random.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const RESTARTS = nightly(60, 10);

describe('R18: a rolling deploy', () => {
  let world: World;
  let old: ScratchBuild;

  beforeAll(async () => {
    world = await World.start();
    // The version before knows one task type less.
    old = new ScratchBuild('task-types-chaos');
    rmSync(join(old.folder, 'dist/task-types/once-work'), { recursive: true });
  }, 60_000);
  afterAll(async () => {
    await world.stop();
    old.remove();
  }, 30_000);

  it(
    'loses nothing, fails nothing for it, and says of what a worker does not know that it does not',
    async () => {
      const env = {
        REDIS_URL: world.redis.url,
        LEDGER_FILE: world.ledger.file,
        WORKER_QUEUES: 'default',
        SHUTDOWN_TIMEOUT_MS: '5000',
      };
      const start = (n: number): Promise<RunningApp> => {
        const isOld = n < RESTARTS / 2;
        return startApp(
          'worker',
          { ...env, APP_VERSION: isOld ? 'old' : 'new' },
          (isOld ? old : world.build).folder,
        );
      };
      const running: RunningApp[] = [await start(0), await start(0)];
      const client = new CarefulClient(world.url);
      let over = false;
      const load = (async () => {
        for (let n = 0; !over; n++) {
          await client.submit(`deploy-${n}`, { type: 'ledger-work', input: { forMs: 50 + (n % 400) } });
          await delay(15);
        }
      })();
      const unknown = await world.api.submit('once-work', { deed: 'plain' });
      const parked = await world.api.inState(
        unknown.id,
        ['failed', 'waiting', 'delayed', 'completed'],
        20_000,
      );
      const codes: (number | null)[] = [];
      for (let n = 0; n < RESTARTS; n++) {
        running.push(await start(n));
        await delay(random.int(0, 500));
        codes.push((await running.shift()!.stop()).code);
      }
      over = true;
      await load;
      const states = await world.drained(client.ids, 40_000);
      const unknownEnd = await world.api.inState(unknown.id, ['failed', 'completed'], 20_000);
      await Promise.all(running.map((worker) => worker.stop()));
      const books = world.ledger.audit(client.ids);
      printFigures('R18 rolling deploy', random, {
        restarts: codes.length,
        exitCodes: [...new Set(codes)],
        tasks: client.ids.length,
        completed: states.completed ?? 0,
        failed: states.failed ?? 0,
        lost: books.neverEnded.length,
        startedTwice: books.startedTwice,
        unknownType: unknownEnd.state,
        unknownSays: unknownEnd.error?.message.slice(0, 80) ?? parked.state,
      });
      expect(states).toEqual({ completed: client.ids.length });
      expect(books.neverEnded).toEqual([]);
      expect(new Set(codes)).toEqual(new Set([0]));
      if (unknownEnd.state === 'failed') expect(unknownEnd.error?.message).toMatch(/knows no task type/);
    },
    nightly(900_000, 240_000),
  );
});
