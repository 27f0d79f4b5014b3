import { describe, expect, it, jest } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RoostError } from '../../../src/model/errors.js';
import type { TaskState } from '../../../src/model/states.js';
import type { TaskView } from '../../../src/model/task-view.js';
import type { EventTail } from '../../../src/events/event-tail.js';
import { EndListener } from '../../../src/tasks/end-listener.js';
import { waitForEnd, type EndWait } from '../../../src/tasks/wait-for-end.js';

/** A task that is read in one state after the other, the last one again and again. */
function waiting(
  states: (TaskState | 'outage')[],
  options: Partial<EndWait> & {
    isRedisAway?: boolean;
    begin?: (listener: EndListener) => Promise<void>;
  } = {},
) {
  const release = jest.fn();
  const tail = Object.assign(new EventEmitter() as EventTail, {
    hold: async (): Promise<() => void> => {
      if (options.isRedisAway) throw new Error('Connection is closed.');
      return release;
    },
  });
  const stop = new AbortController();
  let reads = 0;
  const listener = new EndListener(tail);
  const wait = {
    id: 'a',
    timeoutMs: 60_000,
    over: stop.signal,
    read: async () => {
      const state = states[Math.min(reads++, states.length - 1)]!;
      if (state === 'outage') throw new RoostError('REDIS_UNAVAILABLE', 'Redis does not answer');
      return view(state);
    },
    ...options,
  };
  const begun = options.begin?.(listener) ?? Promise.resolve();
  const result = begun.then(() => waitForEnd(listener, wait)).finally(() => listener.close());
  // Read later, or expected to fail.
  result.catch(() => undefined);
  return { tail, release, stop, result, reads: () => reads };
}

const view = (state: TaskState) => ({ id: 'a', state }) as TaskView;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('waiting for the end of a task', () => {
  it('ends at its time limit, whatever the garbage collector does', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { result } = waiting(['active'], { timeoutMs: 200 });
    let isOver = false;
    void result.finally(() => (isOver = true));
    const until = performance.now() + 20_000;
    while (!isOver && performance.now() < until) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(isOver).toBe(true);
    expect((await result).state).toBe('active');
  });

  it('ends at the event, and leaves no listener behind', async () => {
    const { tail, release, result, reads } = waiting(['active', 'completed']);
    await turn();
    tail.emit('batch', [{ id: 'b', name: 'completed' }] as never);
    await turn();
    expect(reads()).toBe(1);
    tail.emit('batch', [{ id: 'a', name: 'completed' }] as never);
    expect((await result).state).toBe('completed');
    expect(tail.listenerCount('batch')).toBe(0);
    await turn();
    expect(release).toHaveBeenCalledTimes(1);
  });

  it('finds the end without events, where the event tail cannot be held', async () => {
    const { result } = waiting(['active', 'completed'], { isRedisAway: true });
    expect((await result).state).toBe('completed');
  });

  it('is over as soon as it is aborted, with the task as it was read last', async () => {
    const { stop, result } = waiting(['active']);
    await turn();
    stop.abort();
    expect((await result).state).toBe('active');
  });

  it('does not wait for a read that hangs when it is aborted', async () => {
    const read = () => new Promise<TaskView>(() => undefined);
    const { stop, result } = waiting([], { read, accepted: view('waiting') });
    await turn();
    stop.abort();
    expect((await result).state).toBe('waiting');
  });

  it('goes on through an outage', async () => {
    const { result } = waiting(['active', 'outage', 'completed'], { timeoutMs: 30_000 });
    expect((await result).state).toBe('completed');
  });

  it('tells the outage at its end, but what was accepted stays accepted', async () => {
    const { result } = waiting(['active', 'outage'], { timeoutMs: 50 });
    await expect(result).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' });
    const accepted = waiting(['outage'], { timeoutMs: 50, accepted: view('waiting') });
    expect((await accepted.result).state).toBe('waiting');
  });

  it('tells at once what no time can mend', async () => {
    const gone = new RoostError('TASK_GONE', 'deleted');
    const { result } = waiting([], { read: () => Promise.reject(gone), accepted: view('waiting') });
    await expect(result).rejects.toBe(gone);
  });

  it('reads an accepted task only after its end, where it listened before the submit', async () => {
    const accepted = view('waiting');
    const { tail, result, reads } = waiting(['completed'], {
      accepted,
      begin: (listener) => listener.begin(),
    });
    await turn();
    tail.emit('batch', [{ id: 'b', name: 'completed' }] as never);
    await turn();
    expect(reads()).toBe(0);
    tail.emit('batch', [{ id: 'a', name: 'completed' }] as never);
    expect((await result).state).toBe('completed');
    expect(reads()).toBe(1);
  });

  it('knows of an end that came before the answer to the submit', async () => {
    const begin = async (listener: EndListener) => {
      await listener.begin();
      tail.emit('batch', [
        { id: 'a', name: 'active' },
        { id: 'a', name: 'completed' },
      ] as never);
    };
    const { tail, result, reads } = waiting(['completed'], { accepted: view('waiting'), begin });
    expect((await result).state).toBe('completed');
    expect(reads()).toBe(1);
  });

  it('answers a repeated submit of a finished task at once', async () => {
    const { result, reads } = waiting([], {
      accepted: view('completed'),
      begin: (listener) => listener.begin(),
    });
    expect((await result).state).toBe('completed');
    expect(reads()).toBe(0);
  });

  it('reads an accepted task where it could not listen before the submit', async () => {
    const { result } = waiting(['completed'], {
      ...{ accepted: view('waiting'), isRedisAway: true },
      begin: (listener) => listener.begin(),
    });
    expect((await result).state).toBe('completed');
  });
});
