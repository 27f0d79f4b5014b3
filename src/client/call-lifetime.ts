import { MAX_TIMER_MS } from '../task-api/delays.js';
import { RoostClientError } from './errors.js';

/**
 * Combines what may end a call: the caller's signal, `close`, and a time limit. `dispose` has to be called in the end.
 * Uses its own timer: on Node 20 `AbortSignal.any([..., AbortSignal.timeout(ms)])` may be garbage collected and never
 * fire.
 */
export class CallLifetime {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly stop = (event: Event) =>
    this.controller.abort((event.target as AbortSignal).reason as unknown);

  constructor(
    private readonly signals: readonly AbortSignal[],
    limitMs?: number,
  ) {
    for (const signal of signals) {
      if (signal.aborted) this.controller.abort(signal.reason);
      signal.addEventListener('abort', this.stop, { once: true });
    }
    if (limitMs !== undefined && limitMs <= MAX_TIMER_MS)
      this.timer = setTimeout(() => this.controller.abort(), limitMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  dispose(): void {
    clearTimeout(this.timer);
    for (const signal of this.signals) signal.removeEventListener('abort', this.stop);
  }
}

/** Waits, or rejects with the reason of the first aborted signal. */
export async function pauseUnlessAborted(ms: number, signals: readonly AbortSignal[]): Promise<void> {
  const lifetime = new CallLifetime(signals, ms);
  try {
    if (!lifetime.signal.aborted)
      await new Promise<void>((resolve) =>
        lifetime.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
  } finally {
    lifetime.dispose();
  }
  for (const signal of signals) signal.throwIfAborted();
}

/** Reason with which `close` ends open calls. */
export function clientClosed(): RoostClientError {
  return new RoostClientError('CLIENT_CLOSED', 'This client was closed. Call Roost.connect for another one.');
}
