import { afterEach, describe, expect, it } from '@jest/globals';
import { Job, LockManager, RedisQueueBackend, Worker } from 'bullmq';
import { Command, Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../support/processes.js';

/**
 * Versions whose private parts were compared with src/bullmq/patches/ by reading their source. To add one: read how the
 * parts below are used there, run the specs of test/integration/worker and test/e2e/recovery, then append it here.
 */
const CHECKED: Record<string, readonly string[]> = { bullmq: ['6.7.0'], ioredis: ['6.0.0'] };

type Members = Record<string, unknown>;

function versionOf(name: string): string {
  const file = join(projectRoot, 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Parameters of a method as its source declares them. */
function parametersOf(owner: object, name: string): number {
  const method = (owner as Members)[name];
  if (typeof method !== 'function') throw new Error(`${name} is no method any more`);
  return method.length;
}

describe('private parts of the libraries that src/bullmq/patches/ reaches for', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  it.each(Object.keys(CHECKED))('were checked in the installed version of %s', (name) => {
    expect(CHECKED[name]).toContain(versionOf(name));
  });

  // The count ends before the first parameter with a default.
  it.each([
    ['Worker', 'moveToActive', 2, Worker.prototype],
    ['Worker', 'processJob', 2, Worker.prototype],
    ['Worker', 'callProcessJob', 3, Worker.prototype],
    ['Worker', 'handleCompleted', 3, Worker.prototype],
    ['Worker', 'handleFailed', 3, Worker.prototype],
    ['Worker', 'nextJobFromJobData', 3, Worker.prototype],
    ['Worker', 'createJob', 2, Worker.prototype],
    ['Worker', 'getUnrecoverableErrorMessage', 1, Worker.prototype],
    ['Worker', 'retryIfFailed', 2, Worker.prototype],
    ['Worker', 'updateDelays', 0, Worker.prototype],
    ['Worker', 'extendJobLocks', 3, Worker.prototype],
    ['Worker', 'run', 0, Worker.prototype],
    ['LockManager', 'trackJob', 3, LockManager.prototype],
    ['LockManager', 'untrackJob', 1, LockManager.prototype],
    ['RedisQueueBackend', 'execCommand', 3, RedisQueueBackend.prototype],
    ['RedisQueueBackend', 'waitForJob', 1, RedisQueueBackend.prototype],
    ['RedisQueueBackend', 'moveToCompletedArgs', 4, RedisQueueBackend.prototype],
    ['RedisQueueBackend', 'moveToFinished', 2, RedisQueueBackend.prototype],
    ['RedisQueueBackend', 'addJobs', 1, RedisQueueBackend.prototype],
    // It reaches its client before it waits.
    ['RedisQueueBackend', 'addJobToTransaction', 3, RedisQueueBackend.prototype],
    ['Job', 'moveToFailed', 2, Job.prototype],
    ['Redis', 'recoverFromFatalError', 3, Redis.prototype],
    ['Redis', 'sendCommand', 2, Redis.prototype],
    ['Command', 'setTimeout', 1, Command.prototype],
    ['Command', 'toWritable', 1, Command.prototype],
  ])('%s.%s takes %i', (_, name, parameters, owner) => {
    expect(parametersOf(owner, name)).toBe(parameters);
  });

  it('are the members of a worker with the expected shape', async () => {
    let wake = () => {};
    const sleeping = new Promise<null>((resolve) => (wake = () => resolve(null)));
    const scripts: string[] = [];
    const connection = new Redis({ lazyConnect: true, maxRetriesPerRequest: null });
    const backend = {
      on: (): unknown => backend,
      removeListener: (): unknown => backend,
      waitUntilReady: () => sleeping,
      waitForJob: () => sleeping,
      moveStalledJobsToWait: () => Promise.resolve([]),
      moveToActive: () => (scripts.push('moveToActive'), Promise.resolve([])),
      disconnectBlocking: () => (wake(), Promise.resolve()),
      setName: () => Promise.resolve(),
      close: () => Promise.resolve(),
      keys: { marker: 'p:q:marker' },
      toKey: (type: string) => `p:q:${type}`,
      minimumBlockTimeout: 0.001,
    };
    const worker = new (Worker as unknown as new (...args: unknown[]) => Worker)(
      'q',
      () => Promise.resolve(),
      { connection, prefix: 'p', autorun: false },
      () => backend,
    );
    const inside = worker as unknown as Members;
    ends.push(
      () => worker.close(true),
      () => connection.disconnect(),
    );
    expect(inside.mainLoopQueue).toBeNull();
    expect(inside.lockManager).toBeInstanceOf(LockManager);
    expect(inside.backend).toBe(backend);
    expect(inside.Job).toBe(Job);
    expect(inside.drained).toBe(false);
    expect(worker.toKey('marker')).toBe('p:q:marker');
    expect((inside.opts as Members).connection).toBe(connection);

    const ran = worker.run();
    await new Promise(setImmediate);
    expect(parametersOf(inside.mainLoopQueue as object, 'add')).toBe(1);
    expect(scripts).toContain('moveToActive');
    await worker.pause(true);
    expect(inside.paused).toBeTruthy();
    wake();
    await ran;
    expect(inside.mainLoopQueue).toBeNull();
    const closed = worker.close(true);
    expect(inside.closing).toBeTruthy();
    await closed;
  });

  it('are the members of a client and of its commands with the expected shape', () => {
    const redis = new Redis({ lazyConnect: true });
    ends.push(() => redis.disconnect());
    const command = new Command('get', ['a']) as unknown as Members;
    expect(command.isSettled).toBe(false);
    (command.setTimeout as (ms: number) => void)(60_000);
    expect(command._commandTimeoutTimer).toBeDefined();
    clearTimeout(command._commandTimeoutTimer as NodeJS.Timeout);
    expect(typeof command.reject).toBe('function');
    redis.defineCommand('answer', { numberOfKeys: 1, lua: 'return 1' });
    const { answer } = (redis as unknown as { scriptsSet: Record<string, unknown> }).scriptsSet;
    expect(answer).toMatchObject({ numberOfKeys: 1, lua: 'return 1', sha: expect.any(String) });
    expect(typeof redis.options.reconnectOnError).not.toBe('string');
    const { commandQueue, condition } = redis as unknown as {
      commandQueue: Members;
      condition: Members | null;
    };
    expect(typeof commandQueue.push).toBe('function');
    expect(condition?.select ?? 0).toBe(0);
  });
});
