import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/**
 * Waits inside a handler and stays cancellable: rejects with `signal.reason` as soon as the signal is aborted.
 * 0 ms lets everything else that is due have its turn (renewing the task's lock, hearing of a cancel)
 * and goes on at once: call it every few milliseconds in a long calculation.
 */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms <= 0) {
    await nextTurn();
  } else {
    // node:timers rejects with an AbortError of its own; the handler should see the reason instead.
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }
  signal.throwIfAborted();
}
