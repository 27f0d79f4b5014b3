import type { QueueFlow } from '../bullmq/queue-control.js';
import type { StartEstimate } from './task-queries.openapi.js';

/** Input of the estimate. `now` is ms. */
interface EstimateFacts {
  now: number;
  position: { ahead: number; atLeast: boolean } | null;
  flow: QueueFlow | undefined;
}

/** Reasons without a known end, unless the blocker has `until`. */
const OPEN_ENDED: Record<string, string> = {
  QUEUE_PAUSED: 'It depends on when the queue is resumed.',
  REDIS_TROUBLE: 'It depends on when Redis accepts writes again.',
  WORKERS_UNKNOWN: 'It is not known whether a worker runs.',
  NO_WORKER: 'It depends on when a worker starts.',
  CHILDREN: 'It depends on its children.',
  CHILD_FAILED: 'It depends on its children.',
  WORKERS_PAUSED: 'It depends on when a worker is resumed.',
  TYPE_CONCURRENCY_FULL: 'It depends on when one of the running tasks of its type ends.',
};

/** Estimates the start from the recent throughput of the queue and the number of tasks ahead. */
export function toEstimate(
  facts: EstimateFacts,
  blockers: { code: string; until?: string }[],
): StartEstimate {
  for (const { code, until } of blockers) {
    const why = until === undefined ? OPEN_ENDED[code] : undefined;
    if (why) return unknown(why);
  }
  const { now, flow } = facts;
  const until = Math.max(
    now,
    ...blockers.map((blocker) => (blocker.until ? Date.parse(blocker.until) : now)),
  );
  const { ahead = 0, atLeast = false } = facts.position ?? {};
  const waitFor = ahead + (blockers.some(({ code }) => code === 'CONCURRENCY_FULL') ? 1 : 0);
  if (waitFor === 0) {
    return until > now
      ? known(now, until - now, 'It can start then, if a worker is free.')
      : known(now, 0, 'It is next, and a worker is free.');
  }
  if (!flow || flow.finished === 0)
    return unknown('No task of this queue has finished in the last minutes, so its throughput is not known.');
  const ms = until - now + Math.round((waitFor * flow.overMs) / flow.finished);
  const pace = Math.round((flow.finished * 600_000) / flow.overMs) / 10;
  const window =
    flow.overMs < 90_000
      ? `${Math.round(flow.overMs / 1000)} seconds`
      : `${Math.round(flow.overMs / 60_000)} minutes`;
  return known(
    now,
    ms,
    `${pace} tasks a minute of this queue finished over the last ${window}; ${atLeast ? 'more than ' : ''}${ahead} ${ahead === 1 && !atLeast ? 'is' : 'are'} before it.`,
  );
}

function known(now: number, ms: number, basis: string): StartEstimate {
  return { startInMs: ms, startAt: new Date(now + ms).toISOString(), basis };
}

function unknown(basis: string): StartEstimate {
  return { startInMs: null, startAt: null, basis };
}
