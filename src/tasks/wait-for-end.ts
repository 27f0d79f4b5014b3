import { RoostError } from '../model/errors.js';
import { isFinished } from '../model/states.js';
import type { TaskView } from '../model/task-view.js';
import type { EventTail } from '../events/event-tail.js';
import { finishesTask, type TaskEvent } from '../bullmq/codec/task-event.js';

/** Polling interval, ms: a fallback for missed events. */
const CHECK_MS = 1000;

export interface EndWait {
  id: string;
  timeoutMs: number;
  /** Ends the wait early: the client has disconnected, or the web app stops. */
  over: AbortSignal;
  read(): Promise<TaskView>;
  /** The task as accepted by the same request: returned where Redis does not answer when the wait is over. */
  accepted?: TaskView;
}

/**
 * Returns the task once it is finished, or as last read when the wait is over. An outage of Redis in between does not end
 * the wait. Uses its own timer: on Node 20 `AbortSignal.any([..., AbortSignal.timeout(ms)])` may be garbage collected and
 * never fire.
 * @throws RoostError of `read`: where no read succeeded before, or the last read failed and nothing was `accepted`.
 */
export async function waitForEnd(
  tail: Pick<EventTail, 'on' | 'off' | 'hold'>,
  { id, timeoutMs, over, read, accepted }: EndWait,
): Promise<TaskView> {
  const endAt = performance.now() + timeoutMs;
  const aborted = new Promise<'aborted'>((resolve) => {
    over.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  // Without events the interval below still finds the end.
  const holding = tail.hold();
  await Promise.race([holding.catch(() => undefined), aborted]);
  try {
    return await waitHeld(tail, { id, endAt, over, read, accepted, aborted });
  } finally {
    void holding.then(
      (release) => release(),
      () => undefined,
    );
  }
}

interface HeldWait extends Omit<EndWait, 'timeoutMs'> {
  endAt: number;
  aborted: Promise<'aborted'>;
}

async function waitHeld(
  tail: Pick<EventTail, 'on' | 'off'>,
  { id, endAt, over, read, accepted, aborted }: HeldWait,
): Promise<TaskView> {
  let latest = accepted;
  let failure: { error: unknown } | undefined;
  for (;;) {
    // Subscribes before it reads, so that an end in between is not missed.
    const change = nextEnd(tail, id, Math.min(CHECK_MS, endAt - performance.now()), over);
    try {
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
      const isOver = over.aborted || performance.now() >= endAt;
      if (isOver && failure && !accepted) throw failure.error;
      if (isOver || isFinished(latest!.state)) return latest!;
      await change.promise;
    } finally {
      change.cancel();
    }
  }
}

/** Resolves at an event that finishes the task, after `ms`, or when `over` is aborted. */
function nextEnd(tail: Pick<EventTail, 'on' | 'off'>, id: string, ms: number, over: AbortSignal) {
  let cancel = () => {};
  const promise = new Promise<void>((resolve) => {
    const onBatch = (events: TaskEvent[]) => {
      if (events.some((event) => event.id === id && finishesTask(event))) resolve();
    };
    const timer = setTimeout(resolve, Math.max(0, ms));
    const abort = () => resolve();
    tail.on('batch', onBatch);
    over.addEventListener('abort', abort);
    cancel = () => {
      clearTimeout(timer);
      tail.off('batch', onBatch);
      over.removeEventListener('abort', abort);
    };
  });
  return { promise, cancel };
}

/** Returns whether the error means that Redis or the history is unavailable, which is no fact about the task. */
function isOutage(error: unknown): boolean {
  return error instanceof RoostError && error.status === 503;
}
