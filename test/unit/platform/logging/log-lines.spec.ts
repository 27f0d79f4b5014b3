import { expect, it } from '@jest/globals';
import { withoutArguments } from '../../../../src/platform/logging/logger.js';
import { onOneLine } from '../../../../src/platform/logging/terminal-lines.js';

it('a line of the terminal neither ends early nor moves the cursor', () => {
  expect(onOneLine('a\r\n[00:00:00] INFO: forged\u001b[2J\u2028\u0085 é “quoted”')).toBe(
    'a\\u000d\\u000a[00:00:00] INFO: forged\\u001b[2J\\u2028\\u0085 é “quoted”',
  );
});

it('an error of Redis is logged with the name of its command, without what was submitted', () => {
  const error = Object.assign(new Error('WRONGTYPE'), {
    command: { name: 'hset', args: ['key', 'a secret'] },
  });
  expect(withoutArguments(error)).toMatchObject({
    message: 'WRONGTYPE',
    command: 'hset',
    stack: expect.any(String),
  });
  expect(JSON.stringify(withoutArguments(error))).not.toContain('a secret');
  expect(withoutArguments(new TypeError('plain'))).toMatchObject({ type: 'TypeError', message: 'plain' });
});
