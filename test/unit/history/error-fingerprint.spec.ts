import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  errorFingerprint,
  foldMessage,
  rootFrame,
  topFrame,
} from '../../../src/history/error-fingerprint.js';
import { codePoint } from '../../support/code-points.js';

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

  it('is the one that earlier versions gave, where nothing caused the failure', () => {
    const failure = { type: 'send-email', name: 'TypeError', message: 'User 1 is gone', stack: STACK };
    expect(errorFingerprint(failure)).toBe('da26b92183bec465');
    expect(errorFingerprint({ ...failure, code: 'E_GONE', details: { id: 1 } })).toBe('da26b92183bec465');
  });

  it('is the same with source maps, where frames name the source', () => {
    const plain = { type: 'send-email', name: 'TypeError', message: 'User 1 is gone', stack: STACK };
    const mapped = STACK.replaceAll('file:///srv/roost/dist/', '/srv/roost/src/').replaceAll(
      /(task|run)\.js/g,
      '$1.ts',
    );
    expect(mapped).toContain('SendEmail.run (/srv/roost/src/task-types/send-email/send-email.task.ts:31:7)');
    expect(errorFingerprint({ ...plain, stack: mapped })).toBe(errorFingerprint(plain));
    expect(topFrame(mapped)).toBe('SendEmail.run (task-types/send-email/send-email.task.ts)');
    const pairs = [
      ['file:///srv/roost/dist/tasks/a.js:12:19', '<anonymous> (/srv/roost/src/tasks/a.ts:10:13)'],
      ['async file:///srv/roost/dist/a.js:1:2', 'async <anonymous> (/srv/roost/src/a.ts:3:4)'],
      ['f (file:///srv/src/dist/main.js:1:2)', 'f (/srv/src/src/main.ts:3:4)'],
      ['f (file:///C:/app/dist/main.js:1:2)', 'f (C:\\app\\src\\main.ts:3:4)'],
    ];
    for (const [before, after] of pairs) {
      const [one, other] = [before, after].map(
        (frame) => `E: x\n    at new Promise (<anonymous>)\n    at ${frame}`,
      );
      expect(errorFingerprint({ ...plain, stack: other! })).toBe(errorFingerprint({ ...plain, stack: one! }));
    }
  });

  it('goes by the last cause, whatever was said around it', () => {
    const refused = {
      name: 'Error',
      message: 'connect ECONNREFUSED 127.0.0.1:25',
      stack: 'E\n    at f (node:net:1:2)',
    };
    const thrown = { type: 'send-email', name: 'TypeError', message: 'fetch failed', stack: STACK };
    const print = errorFingerprint({ ...thrown, cause: refused });
    for (const alike of [
      { ...thrown, message: 'not sent to Ada', cause: refused },
      { ...thrown, cause: { ...thrown, message: 'tried 3 times', cause: refused } },
      { ...thrown, errors: [refused, { name: 'Error', message: 'another' }] },
    ])
      expect(errorFingerprint(alike)).toBe(print);
    for (const other of [
      thrown,
      { ...thrown, cause: { ...refused, message: 'getaddrinfo ENOTFOUND a.example' } },
    ])
      expect(errorFingerprint(other)).not.toBe(print);
    expect(rootFrame({ ...thrown, cause: refused })).toBe(
      'SendEmail.run (task-types/send-email/send-email.task.js)',
    );
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
        fc.string({ unit: codePoint }),
        (text) => errorFingerprint({ type: text, name: text, message: text, stack: text }).length === 16,
      ),
    );
  });
});
