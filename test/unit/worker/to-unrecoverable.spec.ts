import { UnrecoverableError } from 'bullmq';
import { describe, expect, it } from '@jest/globals';
import { PermanentError } from '../../../src/task-api/outcomes.js';
import { asUnrecoverable, AttemptFailure } from '../../../src/worker/to-unrecoverable.js';
import { isPermanent, toError } from '../../../src/worker/normalize-error.js';

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
    [undefined, /threw undefined that is not an error/],
    [null, /threw null that is not an error/],
    [42, /threw number that is not an error: 42/],
    [{ a: 1 }, /threw an object that is not an error: \{"a":1\}/],
    [10n, /threw bigint that is not an error/],
    [Symbol('x'), /threw symbol/],
    [() => 1, /threw function/],
    [Symbol('x'), /threw symbol that is not an error: Symbol\(x\)$/],
    [10n, /: 10$/],
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

  it('bounds what is stored', () => {
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
    const named = Object.assign(new Error('x'), { name: 'UnrecoverableError' });
    expect([named, new Error('x'), null, undefined, 'PermanentError', {}].some(isPermanent)).toBe(false);
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

describe('an AttemptFailure', () => {
  it.each(['DelayedError', 'WaitingError', 'WaitingChildrenError', 'RateLimitError', 'UnrecoverableError'])(
    'shows BullMQ nothing of a %s, and stores its message and stack',
    (name) => {
      const error = Object.assign(new Error('bullmq:rateLimitExceeded'), { name });
      const failure = new AttemptFailure(error, false);
      expect(failure).toMatchObject({ name: 'Error', message: 'The attempt failed.' });
      expect(failure.toStored()).toMatchObject({ name: 'Error', message: error.message, stack: error.stack });
    },
  );
});
