import { describe, expect, it } from '@jest/globals';
import {
  TaskCancelledError,
  TaskLostError,
  TaskTimeoutError,
  WorkerStoppingError,
} from '../../../../src/task-api/outcomes.js';
import { fromStopReason, isForced, toStopReason } from '../../../../src/worker/isolation/messages.js';

describe('a reason to stop', () => {
  it.each<Error>([
    new TaskCancelledError('not needed', true),
    new TaskCancelledError('not needed'),
    new TaskTimeoutError('Timed out'),
    new WorkerStoppingError('The worker is stopping.'),
    new TaskLostError(),
    new RangeError('something else'),
  ])('is of the same kind on the other side: %s', (reason) => {
    const there = fromStopReason(JSON.parse(JSON.stringify(toStopReason(reason))));
    expect(there).toMatchObject({ name: reason.name, message: reason.message });
    expect(isForced(there)).toBe(isForced(reason));
    expect(there.constructor).toBe(reason instanceof RangeError ? Error : reason.constructor);
  });

  it('may be no error at all', () => {
    expect(fromStopReason(toStopReason(undefined))).toMatchObject({ name: 'Error', message: 'undefined' });
  });
});
