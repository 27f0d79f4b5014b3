import { describe, expect, it } from '@jest/globals';
import { isIssuedId, JOB_ID, newTaskId, taskIdOfKey } from '../../../src/bullmq/task-ids.js';

describe('task ids', () => {
  it('are unique, with 26 characters that BullMQ and URLs accept', () => {
    const ids = Array.from({ length: 1000 }, () => newTaskId());
    expect(new Set(ids).size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^t[0-9a-hjkmnp-tv-z]{25}$/);
    expect(ids.every((id) => JOB_ID.test(id))).toBe(true);
  });

  it('sort by time', () => {
    expect(newTaskId(1000) < newTaskId(1001)).toBe(true);
    expect(newTaskId(31) < newTaskId(32)).toBe(true);
    expect(newTaskId(Date.UTC(2026, 0)) < newTaskId(Date.UTC(2999, 0))).toBe(true);
  });

  it('are equal for the same key', () => {
    // Must never change: clients may repeat requests after an update.
    expect(taskIdOfKey('order 17')).toBe('kbcjesr1rem3wr86phg1z7mccd');
    expect(taskIdOfKey('order 17')).not.toBe(taskIdOfKey('order 18'));
    expect(taskIdOfKey('')).toMatch(/^k[0-9a-hjkmnp-tv-z]{25}$/);
  });

  it('are distinguishable from ids that were never issued', () => {
    const id = newTaskId();
    expect(isIssuedId(id)).toBe(true);
    expect(isIssuedId(taskIdOfKey('a'))).toBe(true);
    for (const other of [
      id.toUpperCase(),
      `${id}0`,
      id.slice(1),
      `x${id.slice(1)}`,
      '',
      '1',
      '__proto__',
      'o'.repeat(26),
    ]) {
      expect([other, isIssuedId(other)]).toEqual([other, false]);
    }
    const forged = [...'0123456789abcdefghjkmnpqrstvwxyz']
      .map((last) => id.slice(0, -1) + last)
      .filter(isIssuedId);
    expect(forged).toEqual([id]);
  });
});

describe('JOB_ID', () => {
  it.each(['1', 'repeat:abc:123', 'a_b-c.d~e@f', 'x'.repeat(128)])(
    'takes %p, which another program may have given',
    (id) => {
      expect(JOB_ID.test(id)).toBe(true);
    },
  );

  it.each(['', ':a', 'a b', 'a/b', '../x', 'a\n', 'a\r\nb', '{a}', 'a*', '\u0000', 'x'.repeat(129), 'é'])(
    'refuses %p',
    (id) => {
      expect(JOB_ID.test(id)).toBe(false);
    },
  );
});
