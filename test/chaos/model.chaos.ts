import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nightly, printFigures } from './support/figures.js';
import { halfTasks } from './support/half-tasks.js';
import { Random } from './support/random.js';
import { TaskModel, type ModelTask, type Verb } from './support/task-model.js';
import { agree, commands, done } from './support/task-model-commands.js';
import { World } from './support/world.js';

const random = Random.ofRun();
const SEQUENCES = nightly(500, 40);
const STEPS = nightly(30, 20);

/** Takes promoting for what it is not: whoever compares has to notice. */
class WrongModel extends TaskModel {
  override act(verb: Verb, task: ModelTask): boolean {
    return super.act(verb, task) !== (verb === 'promote');
  }
}

describe('R20: Roost beside a model of it', () => {
  let world: World;
  let runs = 0;

  beforeAll(async () => {
    // More slots than a sequence has long tasks.
    world = await World.start({ workers: 1, env: { WORKER_CONCURRENCY: '40' } });
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  /** For the next sequence nothing is there. */
  const tidyUp = async (model: TaskModel) => {
    if (model.paused) await world.api.call('POST', '/api/v1/queues/default/resume');
    for (const { id, state } of model.tasks) {
      if (state === 'deleted') continue;
      await world.api.call('POST', `/api/v1/tasks/${id}/cancel`);
      await world.api.call('DELETE', `/api/v1/tasks/${id}`);
    }
  };

  it('is distinguished from a model that is wrong (control, must fail)', async () => {
    const property = fc.asyncProperty(commands(STEPS), async (sequence) => {
      const model = new WrongModel(`wrong-${random.seed}-${runs++}`);
      try {
        await fc.asyncModelRun(() => ({ model, real: world }), sequence);
      } finally {
        await tidyUp(model);
      }
    });
    const { failed, numRuns, errorInstance } = await fc.check(property, {
      seed: random.seed,
      numRuns: 200,
      endOnFailure: true,
    });
    const says = (errorInstance as Error | undefined)?.message ?? '';
    printFigures('R20 control: a wrong model', random, { sequences: numRuns, says: says.slice(0, 120) });
    expect(failed).toBe(true);
    expect(says).toContain('promote');
    done.clear();
  }, 400_000);

  it(
    'does what the model says, whatever is done in whatever order',
    async () => {
      let steps = 0;
      let replay: string | undefined;
      const property = fc.asyncProperty(commands(STEPS), async (sequence) => {
        const model = new TaskModel(`${random.seed}-${runs++}`);
        try {
          await fc.asyncModelRun(() => ({ model, real: world }), sequence);
          for (const task of model.tasks) await agree(world, task);
          const half = await world.withRedis(halfTasks);
          if (half.length > 0) throw new Error(`By half: ${half.join(', ')}`);
        } finally {
          steps = [...done.values()].reduce((sum, count) => sum + count, 0);
          await tidyUp(model);
        }
      });
      const details = await fc.check(property, {
        seed: random.seed,
        numRuns: SEQUENCES,
        ...(process.env.FC_PATH ? { path: process.env.FC_PATH, endOnFailure: true } : {}),
        // Shrinking runs against the real thing: enough to be readable.
        interruptAfterTimeLimit: nightly(7_200_000, 400_000),
        markInterruptAsFailure: false,
      });
      if (details.failed) {
        const steps = /replayPath="([^"]+)"/.exec(String(details.counterexample?.[0]))?.[1] ?? '';
        replay = `SEED=${random.seed} FC_PATH=${details.counterexamplePath} REPLAY_PATH=${steps} npm run test:chaos -- model`;
      }
      printFigures('R20 model', random, {
        sequences: details.numRuns,
        steps,
        done: Object.fromEntries(done),
        workerKills: world.kills.worker,
        divergences: details.failed ? 1 : 0,
        ...(replay ? { replay, counterexample: String(details.counterexample?.[0]) } : {}),
        ...(details.errorInstance ? { says: (details.errorInstance as Error).message.slice(0, 300) } : {}),
      });
      expect(replay).toBeUndefined();
      expect(details.numRuns).toBe(SEQUENCES);
      expect(world.kills.worker).toBeGreaterThan(0);
    },
    nightly(7_500_000, 500_000),
  );
});
