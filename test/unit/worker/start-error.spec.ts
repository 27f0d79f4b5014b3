import { describe, expect, it } from '@jest/globals';
import { nameTaskType } from '../../../src/worker/start-error.js';

const DIR = '/srv/roost/dist/task-types';

function thrownAt(...frames: string[]): Error {
  const error = new Error('no licence');
  error.stack = ['Error: no licence', ...frames.map((frame) => `    at new Sender (${frame})`)].join('\n');
  return error;
}

describe('an error while the worker builds its classes', () => {
  it('names the task type and the file whose code threw it, and keeps the stack', () => {
    const error = thrownAt(
      'file:///srv/roost/node_modules/mail/index.js:1:1',
      `file://${DIR}/send-email/mailer.js:7:11`,
      `file://${DIR}/divide/divide.task.js:1:1`,
    );
    const named = nameTaskType(error, DIR) as Error;
    expect(named.stack).toMatch(/^send-email: code of its file mailer\.ts failed .*\nError: no licence\n/);
    expect(named.stack).toContain('mail/index.js:1:1');
  });

  it('names them where source maps lead to the source', () => {
    const error = thrownAt('/srv/roost/src/task-types/send-email/mailer.ts:7:11');
    const named = nameTaskType(error, DIR) as Error;
    expect(named.stack).toMatch(/^send-email: code of its file mailer\.ts failed /);
    const frame = '/srv/my roost/src/task-types/divide/divide.task.ts:1:1';
    expect(nameTaskType(thrownAt(frame), '/srv/my roost/dist/task-types')).not.toBe(error);
  });

  it('stays as it is where no task type had a part in it', () => {
    const error = thrownAt('file:///srv/roost/dist/worker/handlers.js:1:1');
    expect(nameTaskType(error, DIR)).toBe(error);
    expect(nameTaskType('text', DIR)).toBe('text');
  });
});
