import { describe, expect, it } from '@jest/globals';
import type { Job } from 'bullmq';
import type { TaskContext } from '../../../src/task-api/task-handler.js';
import { SharedClock } from '../../../src/platform/clock.js';
import { TaskLostError } from '../../../src/task-api/outcomes.js';
import { TaskRunner } from '../../../src/worker/task-runner.js';

/** A runner whose handler holds each run until its signal aborts. */
function holdingRunner() {
  const contexts: TaskContext[] = [];
  const type = { name: 'hold' };
  const run = (_input: object, ctx: TaskContext) =>
    new Promise((_resolve, reject) => {
      contexts.push(ctx);
      ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error));
    });
  const parts = [
    { find: () => type, validate: () => Promise.resolve({}) },
    { get: () => ({ run }) },
    {},
    { admit: () => Promise.resolve('go'), release: () => Promise.resolve(), timeoutsFor: () => ({}) },
    { loadEarlierRuns: () => Promise.resolve({ postponed: 0 }) },
    { increment: () => undefined },
    { report: () => Promise.resolve(), logOutcome: () => undefined },
    { QUEUE_PREFIX: 'test' },
    {},
    new SharedClock(),
  ];
  const runner = new (TaskRunner as unknown as new (...args: unknown[]) => TaskRunner)(...parts);
  const begin = async (token: string, attemptsStarted: number) => {
    const before = contexts.length;
    let isOver = false;
    const job = { id: 't1', name: 'hold', queueName: 'default', data: { roost: 1, input: {} }, opts: {} };
    const ended = runner
      .run({ ...job, attemptsStarted, attemptsMade: 0 } as unknown as Job, token)
      .catch((error: unknown) => error)
      .finally(() => (isOver = true));
    while (contexts.length === before && !isOver) await new Promise((resolve) => setImmediate(resolve));
    return { ended, signal: contexts[before]!.signal };
  };
  return { runner, begin };
}

describe('TaskRunner', () => {
  it('aborts a run whose lock is lost', async () => {
    const { runner, begin } = holdingRunner();
    const { ended, signal } = await begin('lock-1', 1);
    runner.abortLost([{ taskId: 't1', token: 'lock-1' }]);
    expect(signal.reason).toBeInstanceOf(TaskLostError);
    await ended;
    expect(runner.active).toBe(0);
  });

  it('continues a later run of the same task when the loss of the earlier lock is reported late', async () => {
    const { runner, begin } = holdingRunner();
    const earlier = await begin('lock-1', 1);
    const later = await begin('lock-2', 2);
    expect(earlier.signal.reason).toBeInstanceOf(TaskLostError);
    runner.abortLost([{ taskId: 't1', token: 'lock-1' }]);
    expect(later.signal.aborted).toBe(false);
    await earlier.ended;
    expect(runner.find('t1')?.token).toBe('lock-2');
    runner.abortLost([{ taskId: 't1', token: 'lock-2' }]);
    expect(later.signal.reason).toBeInstanceOf(TaskLostError);
    await later.ended;
  });
});
