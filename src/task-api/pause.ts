import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/**
 * Waits inside a handler and stays cancellable: rejects with `signal.reason` when the signal is aborted. 0 ms yields
 * to everything else that is due (renewing the task's lock, receiving a cancel) and continues at once: call it every
 * few milliseconds in a long calculation.
 */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (ms <= 0) {
    await nextTurn();
  } else {
    // node:timers rejects with its own AbortError; the handler should get the reason instead.
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }
  signal.throwIfAborted();
}
