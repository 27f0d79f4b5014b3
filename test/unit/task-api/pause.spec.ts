import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { pause } from '../../../src/task-api/pause.js';

describe('pause', () => {
  it('ends at once with the reason of the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled by Ada');
    const waiting = pause(60_000, controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  it.each([0, 60_000])('does not even begin %d ms under an aborted signal', async (ms) => {
    const reason = new Error('too late');
    await expect(pause(ms, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('waits as long as it is told', async () => {
    const begin = performance.now();
    await pause(20, new AbortController().signal);
    // A timer may fire within the millisecond before.
    expect(performance.now() - begin).toBeGreaterThanOrEqual(19);
  });

  it('with 0 ms lets timers and the network have their turn', async () => {
    let others = 0;
    setImmediate(() => others++);
    await pause(0, new AbortController().signal);
    expect(others).toBe(1);
  });

  it('leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    const waiting = pause(1, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await waiting;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
