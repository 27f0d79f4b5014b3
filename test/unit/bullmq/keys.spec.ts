import { describe, expect, it } from '@jest/globals';
import * as keys from '../../../src/bullmq/keys.js';

const BASE = keys.queueBase('roost', 'mail');

/** Keys that running Roosts, BullMQ and sealed records rely on: a change needs a migration. */
describe('keys in Redis', () => {
  it.each([
    [BASE, 'roost:mail:'],
    [keys.observedBase('bull:mail'), 'bull:mail:'],
    [keys.baseOf({ toKey: (type) => `roost:mail:${type}` }), BASE],
    [keys.nameOfBase('bull:mail:'), 'bull:mail'],
    [keys.queueKey(BASE, 'control:log'), 'roost:mail:control:log'],
    [keys.jobKey(BASE, 'a1'), 'roost:mail:a1'],
    [keys.jobKey(BASE, 'a1', 'lock'), 'roost:mail:a1:lock'],
    [keys.jobKey(BASE, 'a1', 'logs'), 'roost:mail:a1:logs'],
    [keys.writeProbeKey('roost'), 'roost:write-probe'],
    [keys.ledgerKey('roost', 'op'), 'roost:ledger:op'],
    [keys.historiesKey('roost'), 'roost:histories'],
    [keys.recorderLeaseKey('roost', 's1'), 'roost:history:s1'],
    [keys.recorderFenceKey('roost', 's1'), 'roost:history:s1:fence'],
    [keys.limitsKey('roost'), 'roost:limits'],
    [keys.limitBase('roost', 'send'), 'roost:limits:send:'],
    [keys.limitKey('roost', 'send', 'slots'), 'roost:limits:send:slots'],
    [keys.limitAckKey('roost', 'c1'), 'roost:limits:heard:c1'],
    [keys.workersKey('roost'), 'roost:fleet'],
    [keys.workerKey('roost', 'w1'), 'roost:fleet:w1'],
    [keys.workerKey('roost', 'w1', 'here'), 'roost:fleet:w1:here'],
    [keys.workerKey('roost', 'w1', 'samples'), 'roost:fleet:w1:samples'],
    [keys.commandChannel('roost', 'all'), 'roost:fleet:to:all'],
    [keys.commandKey('roost', 'c1'), 'roost:fleet:command:c1'],
    [keys.commandResultsKey('roost', 'r1'), 'roost:fleet:results:r1'],
    [keys.replyChannel('roost'), 'roost:fleet:replies'],
    [keys.accessKey('roost', 'sessions'), 'roost:access:sessions'],
    [keys.accessKey('roost', 'session', 'hash'), 'roost:access:session:hash'],
    [keys.accessKey('roost', 'wrong', 'code:from', '::1'), 'roost:access:wrong:code:from:::1'],
    [keys.accessKey('roost', 'rate', 7, 'ada'), 'roost:access:rate:7:ada'],
    [keys.accessKey('roost', 'break-glass-active'), 'roost:access:break-glass-active'],
  ])('builds %s', (key, expected) => {
    expect(key).toBe(expected);
  });

  it('distinguishes keys of this Roost from those of one whose prefix begins the same', () => {
    expect(keys.isOwnKey('roost', 'roost:mail:a1')).toBe(true);
    expect(keys.isOwnKey('roost', 'roost2:mail:a1')).toBe(false);
    expect(keys.withoutPrefix('roost', 'roost:mail')).toBe('mail');
    expect(keys.withoutPrefix('roost', 'bull:mail')).toBeUndefined();
  });
});
