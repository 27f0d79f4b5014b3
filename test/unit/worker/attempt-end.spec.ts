import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  PermanentError,
  TaskCancelledError,
  TaskLostError,
  TaskTimeoutError,
  WorkerStoppingError,
} from '../../../src/task-api/outcomes.js';
import { pause } from '../../../src/task-api/pause.js';
import { toAttemptEnd } from '../../../src/worker/attempt-end.js';
import { HardTimeoutError, TaskRun } from '../../../src/worker/task-run.js';

type Handler = (signal: AbortSignal) => Promise<unknown>;

const never = (signal: AbortSignal) => delay(60_000, undefined, { signal });

/** Handlers that listen to their signal, by what they throw then. */
const LETTING_GO: Record<string, Handler> = {
  "the signal's reason": async (signal) => {
    await never(signal).catch(() => undefined);
    signal.throwIfAborted();
  },
  'pause of ours': (signal) => pause(60_000, signal),
  'timers/promises': never,
  'events.once': (signal) => once(process, 'nothing', { signal }),
  execFile: (signal) => promisify(execFile)('sleep', ['60'], { signal }),
  spawn: (signal) => once(spawn('sleep', ['60'], { signal }), 'exit'),
  fetch: async (signal) => {
    const server = createServer().listen(0);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    return fetch(`http://127.0.0.1:${port}/`, { signal }).finally(() => server.close().closeAllConnections());
  },
  pipeline: (signal) => pipeline(new Readable({ read: () => undefined }), new PassThrough(), { signal }),
  'an AbortError without a cause': (signal) =>
    never(signal).catch(() => {
      throw new DOMException('This operation was aborted', 'AbortError');
    }),
  'a wrapped error': (signal) =>
    never(signal).catch((cause: unknown) => {
      throw new Error('the copy was stopped', { cause });
    }),
  'an AggregateError': (signal) =>
    never(signal).catch((error: unknown) => {
      throw new AggregateError([new Error('first'), error], 'all mirrors failed');
    }),
  'a PermanentError around it': (signal) =>
    never(signal).catch((cause: unknown) => {
      throw new PermanentError('could not be paid', { cause });
    }),
  'an error of axios': (signal) =>
    never(signal).catch(() => {
      throw Object.assign(new Error('canceled'), { name: 'CanceledError', code: 'ERR_CANCELED' });
    }),
};

/** Handlers whose error no longer shows that the abort caused it. */
const UNRELATED: Record<string, Handler> = {
  'another error': (signal) =>
    never(signal).catch(() => {
      throw new RangeError('half a file');
    }),
  'a text': (signal) =>
    never(signal).catch(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw 'stopped';
    }),
  nothing: (signal) => never(signal).catch(() => Promise.reject(undefined)),
  'an error whose causes run in a circle': (signal) =>
    never(signal).catch(() => {
      const error = new Error('round');
      error.cause = error;
      throw error;
    }),
};

async function endAfter(handler: Handler, reason: Error) {
  const run = new TaskRun('t', 'type', 'queue', 'lock', 1, Date.now());
  const work = run.outcomeOf(() => handler(run.signal));
  setImmediate(() => run.abort(reason));
  return toAttemptEnd(await work.catch((thrown: unknown) => thrown), run);
}

const all = Object.entries({ ...LETTING_GO, ...UNRELATED });

describe('a handler that was asked to stop and rejects with', () => {
  it.each(all)('%s: its task is cancelled, lost, or back in its queue', async (_, handler) => {
    expect(await endAfter(handler, new TaskCancelledError('x'))).toEqual({ to: 'cancelled' });
    expect(await endAfter(handler, new TaskLostError())).toEqual({ to: 'lost' });
    expect(await endAfter(handler, new WorkerStoppingError('x'))).toEqual({ to: 'waiting' });
  });

  it.each(Object.entries(LETTING_GO).filter(([name]) => !name.startsWith('a PermanentError')))(
    '%s: over its soft limit it has failed for that',
    async (_, handler) => {
      const end = await endAfter(handler, new TaskTimeoutError('Timed out: 5 ms'));
      expect(end).toMatchObject({
        to: 'failed',
        permanent: false,
        error: { name: 'TaskTimeoutError', message: 'Timed out: 5 ms' },
      });
    },
  );

  it('another error or a PermanentError: over its soft limit it has failed with that', async () => {
    const end = (handler?: Handler) => endAfter(handler!, new TaskTimeoutError('Timed out: 5 ms'));
    expect(await end(UNRELATED['another error'])).toMatchObject({
      error: { name: 'RangeError', message: 'half a file' },
    });
    expect(await end(LETTING_GO['a PermanentError around it'])).toMatchObject({
      permanent: true,
      error: { message: 'could not be paid' },
    });
  });
});

describe('a stop', () => {
  const reason = new WorkerStoppingError('The worker is stopping.');

  it('does not take back that trying again cannot help', () => {
    expect(
      toAttemptEnd(new PermanentError('no such order'), { reason, uncounted: 0, postponed: 0 }),
    ).toMatchObject({
      to: 'failed',
      permanent: true,
      error: { message: 'no such order' },
    });
  });

  it('does not take back that the hard limit is over', () => {
    expect(toAttemptEnd(new HardTimeoutError(5), { reason, uncounted: 0, postponed: 0 })).toMatchObject({
      to: 'failed',
      error: { name: 'TaskTimeoutError' },
    });
  });
});

describe('a handler that nobody asked to stop', () => {
  it.each(['AbortError', 'WorkerStoppingError', 'TaskCancelledError', 'TaskLostError', 'DelayedError'])(
    'has failed with its own %s',
    (name) => {
      expect(
        toAttemptEnd(
          Object.assign(new Error('mine'), { name }),
          new TaskRun('t', 'type', 'queue', 'lock', 1, 0),
        ),
      ).toMatchObject({
        to: 'failed',
        permanent: false,
        error: { name, message: 'mine' },
      });
      expect(
        toAttemptEnd(new WorkerStoppingError('mine'), new TaskRun('t', 'type', 'queue', 'lock', 1, 0)),
      ).toMatchObject({
        to: 'failed',
      });
    },
  );
});
