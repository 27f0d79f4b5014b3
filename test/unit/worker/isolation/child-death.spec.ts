import { describe, expect, it } from '@jest/globals';
import { PermanentError } from '../../../../src/task-api/outcomes.js';
import {
  DeathCount,
  describeDeath,
  TaskProcessError,
  toProcessError,
  type Death,
} from '../../../../src/worker/isolation/child-death.js';

const death = (parts: Partial<Death>): Death => ({
  code: null,
  signal: null,
  lastOutput: '',
  limitMb: 512,
  ...parts,
});
const OUT_OF_MEMORY =
  'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----\n';

describe('describeDeath', () => {
  it.each<[Partial<Death>, string]>([
    [{ code: 3 }, "The task's process ended with exit code 3"],
    [{ code: 0 }, "The task's process ended with exit code 0"],
    [{ signal: 'SIGSEGV' }, "The task's process was killed by SIGSEGV"],
    [
      { signal: 'SIGKILL' },
      "The task's process was killed by SIGKILL: by a user, or because the system ran out of memory",
    ],
    [{ signal: 'SIGABRT' }, "The task's process was killed by SIGABRT"],
    [{ signal: 'SIGABRT', lastOutput: OUT_OF_MEMORY }, "The task's process ran out of memory (limit 512 MB)"],
    [{ code: 134, lastOutput: OUT_OF_MEMORY }, "The task's process ran out of memory (limit 512 MB)"],
    [{ code: 3, lastOutput: OUT_OF_MEMORY }, "The task's process ended with exit code 3"],
    [{ code: 1, failedToStart: 'no memory' }, "The task's process could not be started: no memory"],
    [
      { code: 1, crash: { error: { name: 'TypeError', message: 'boom' }, unhandledRejection: true } },
      "The task's process ended by an unhandled promise rejection: TypeError: boom",
    ],
    [
      { code: 1, crash: { error: { name: 'TypeError', message: 'boom' }, unhandledRejection: false } },
      "The task's process ended by an uncaught exception: TypeError: boom",
    ],
  ])('reports %j', (parts, sentence) => {
    expect(describeDeath(death(parts))).toBe(sentence);
  });
});

describe('toProcessError', () => {
  it('keeps the stack of what nobody caught', () => {
    const error = toProcessError(
      death({
        crash: {
          error: { name: 'TypeError', message: 'boom', stack: 'TypeError: boom\n at x' },
          unhandledRejection: true,
        },
      }),
    );
    expect(error.stack).toBe('TypeError: boom\n at x');
  });
});

describe('DeathCount', () => {
  it('makes the third death in a row of a task permanent', () => {
    const deaths = new DeathCount();
    const judge = () => deaths.record('a', new TaskProcessError('died'));
    expect([judge(), judge()].map((error) => error instanceof PermanentError)).toEqual([false, false]);
    const third = judge();
    expect(third).toBeInstanceOf(PermanentError);
    expect(third).toMatchObject({
      name: 'TaskProcessError',
      message: 'died; 3 times in a row, so it is not tried again',
    });
  });

  it('counts each task alone, and anew after an attempt that its process survived', () => {
    const deaths = new DeathCount();
    const judge = (taskId: string) => deaths.record(taskId, new TaskProcessError('died'));
    judge('a');
    judge('a');
    judge('b');
    deaths.reset('a');
    expect([judge('a'), judge('b')].map((error) => error instanceof PermanentError)).toEqual([false, false]);
  });
});
