import { UnrecoverableError } from 'bullmq';
import { describe, expect, it } from '@jest/globals';
import { PermanentError } from '../../../src/contract/outcomes.js';
import { asUnrecoverable } from '../../../src/worker/failures.js';
import { isPermanent, toError } from '../../../src/worker/thrown.js';

const hostile = {
  get message(): string {
    throw new Error('gotcha');
  },
  get name(): string {
    throw new Error('gotcha');
  },
  get stack(): string {
    throw new Error('gotcha');
  },
};

describe('toError', () => {
  it('keeps name, message and stack', () => {
    const error = new RangeError('no');
    expect(toError(error)).toMatchObject({ name: 'RangeError', message: 'no', stack: error.stack });
  });

  it.each<[unknown, RegExp]>([
    ['just text', /^just text$/],
    [undefined, /threw undefined that is no error/],
    [null, /threw null that is no error/],
    [42, /threw number that is no error: 42/],
    [{ a: 1 }, /threw an object that is no error: \{"a":1\}/],
    [10n, /threw bigint that is no error$/],
    [Symbol('x'), /threw symbol/],
    [() => 1, /threw function/],
    [new Error(''), /^\(no message\)$/],
  ])('makes a readable error of %p', (thrown, message) => {
    const error = toError(thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toMatch(message);
    expect(error.stack).toBeTruthy();
  });

  it('survives errors that bite', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const thrown of [
      circular,
      hostile,
      Object.setPrototypeOf(hostile, Error.prototype),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('x');
          },
        },
      ),
    ]) {
      expect(typeof toError(thrown).message).toBe('string');
    }
    const odd = Object.assign(new Error('m'), { name: 5, stack: {} });
    expect(toError(odd)).toMatchObject({ name: 'Error', message: 'm', stack: 'Error: m' });
  });

  it('bounds what is kept', () => {
    const error = toError(new Error('x'.repeat(1_000_000)));
    expect(error.message.length).toBeLessThan(9000);
    expect(error.message).toMatch(/… \(cut, 1000000 characters\)$/);
    expect(error.stack!.length).toBeLessThan(17_000);
  });
});

describe('isPermanent', () => {
  it('knows those for which another attempt is no use', () => {
    class Mine extends PermanentError {}
    expect([new PermanentError('x'), new Mine('x'), new UnrecoverableError('x')].every(isPermanent)).toBe(
      true,
    );
    expect([new Error('x'), null, undefined, 'PermanentError', {}].some(isPermanent)).toBe(false);
  });
});

describe('asUnrecoverable', () => {
  it('says it to BullMQ with the stack of the handler', () => {
    const error = toError(new PermanentError('no'));
    const told = asUnrecoverable(error);
    expect(told).toBeInstanceOf(UnrecoverableError);
    expect(told).toMatchObject({ message: 'no', stack: error.stack });
  });
});
