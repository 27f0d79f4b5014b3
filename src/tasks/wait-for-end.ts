import { RoostError } from '../model/errors.js';
import { isFinished } from '../model/states.js';
import type { TaskView } from '../model/task-view.js';
import type { EndListener } from './end-listener.js';

/** Polling interval, ms: a fallback for missed events. */
const CHECK_MS = 1000;

export interface EndWait {
  id: string;
  timeoutMs: number;
  /** Ends the wait early: the client has disconnected, or the web app stops. */
  over: AbortSignal;
  read(): Promise<TaskView>;
  /**
   * The task as accepted by the same request: returned where Redis does not answer when the wait is over. If the listener
   * was listening before the submit, it is not read before its end.
   */
  accepted?: TaskView;
}

/**
 * Returns the task once it is finished, or as last read when the wait is over. An outage of Redis in between does not end
 * the wait. Uses its own timer: on Node 20 `AbortSignal.any([..., AbortSignal.timeout(ms)])` may be garbage collected and
 * never fire.
 * @throws RoostError of `read`: where no read succeeded before, or the last read failed and nothing was `accepted`.
 */
export async function waitForEnd(
  listener: EndListener,
  { id, timeoutMs, over, read, accepted }: EndWait,
): Promise<TaskView> {
  const endAt = performance.now() + timeoutMs;
  const aborted = new Promise<'aborted'>((resolve) => {
    over.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  listener.listenFor(id);
  let isCurrent = accepted !== undefined && listener.isListening;
  if (!listener.isListening) await Promise.race([listener.begin(), aborted]);
  let latest = accepted;
  let failure: { error: unknown } | undefined;
  for (;;) {
    if (!isCurrent) {
      const reading = read().then(
        (view) => ({ view }),
        (error: unknown) => ({ error }),
      );
      const outcome = await (latest ? Promise.race([reading, aborted]) : reading);
      if (outcome !== 'aborted') {
        if ('view' in outcome) latest = outcome.view;
        else if (!latest || !isOutage(outcome.error)) throw outcome.error;
        failure = 'error' in outcome ? outcome : undefined;
      }
    }
    const isOver = over.aborted || performance.now() >= endAt;
    if (isOver && failure && !accepted) throw failure.error;
    if (isOver || isFinished(latest!.state)) return latest!;
    isCurrent = false;
    await listener.next(Math.min(CHECK_MS, endAt - performance.now()), over);
  }
}

/** Returns whether the error means that Redis or the history is unavailable, which is no fact about the task. */
function isOutage(error: unknown): boolean {
  return error instanceof RoostError && error.status === 503;
}
