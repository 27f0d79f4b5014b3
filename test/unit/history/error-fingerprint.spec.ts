import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { errorFingerprint, foldMessage, topFrame } from '../../../src/history/error-fingerprint.js';

const STACK = `TypeError: x
    at Object.get (/app/node_modules/lib/index.js:10:3)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at async SendEmail.run (file:///srv/roost/dist/task-types/send-email/send-email.task.js:31:7)
    at async TaskRun.run (file:///srv/roost/dist/worker/task-run.js:5:9)`;

describe('the fingerprint of an error', () => {
  it.each([
    ['User 4711 has 2 of 3.50 left', 'User <n> has <n> of <n> left'],
    ['No task t01k9abcdefghjkmnpqrstvwx0 here', 'No task <id> here'],
    ['Row 9F86D081-884c-7d65-9a2f-eaa0c55ad015 is gone', 'Row <id> is gone'],
    ['Commit 9f86d081884c7d659a2f', 'Commit <id>'],
    ['Key deadbeef1 at 0xFF', 'Key <id> at <id>'],
    [`Cannot read 'name' of "Ada \t L" in \`x\``, 'Cannot read <text> of <text> in <text>'],
    ["It can't and won't go", "It can't and won't go"],
    ['connect ECONNREFUSED 127.0.0.1:6379', 'connect ECONNREFUSED <n>'],
    ['Due 2026-11-22T10:00:00.000Z was late', 'Due <time> was late'],
    ['took 5s,\n  more than   4s', 'took <n>s, more than <n>s'],
    ['Internationalisation failed', 'Internationalisation failed'],
  ])('folds %j', (message, folded) => expect(foldMessage(message)).toBe(folded));

  it('takes the first frame of our own, without line numbers and deploy folders', () => {
    expect(topFrame(STACK)).toBe('SendEmail.run (task-types/send-email/send-email.task.js)');
    expect(topFrame('E: x\n    at /a/b/c/d.js:1:2')).toBe('b/c/d.js');
    expect(topFrame('E: x\n    at f (C:\\app\\src\\a.ts:1:2)')).toBe('f (app/src/a.ts)');
    expect(topFrame('E: x\n    at f (node:fs:1:2)')).toBe('f (node:fs)');
    expect(topFrame('no frames')).toBe('');
    expect(topFrame(undefined)).toBe('');
  });

  it('is the same for failures of a kind and another for others', () => {
    const failure = { type: 'send-email', name: 'TypeError', message: 'User 1 is gone', stack: STACK };
    const print = errorFingerprint(failure);
    expect(print).toMatch(/^[0-9a-f]{16}$/);
    const alike = [
      { message: 'User 22 is gone' },
      { stack: STACK.replace('31:7', '99:1') },
      { stack: STACK.replaceAll('/srv/roost', '/opt/v2') },
    ];
    for (const change of alike) expect(errorFingerprint({ ...failure, ...change })).toBe(print);
    const other = [{ type: 'x' }, { name: 'E' }, { message: 'User is gone' }, { stack: undefined }];
    for (const change of other) expect(errorFingerprint({ ...failure, ...change })).not.toBe(print);
  });

  it('is quick, whatever a handler throws', () => {
    const hostile = ["'", '"a', '1', 'f', '0x', '-', '2026-', ' ', '\n', ' at ', 'at (', '\\', "a'"].map(
      (piece) => piece.repeat(65_536 / piece.length),
    );
    for (const text of hostile) {
      const began = performance.now();
      errorFingerprint({ type: 't', name: text, message: text, stack: `E\n    at ${text}` });
      errorFingerprint({ type: 't', name: 'E', message: text, stack: text });
      expect(performance.now() - began).toBeLessThan(1000);
    }
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) => errorFingerprint({ type: text, name: text, message: text, stack: text }).length === 16,
      ),
    );
  });
});
