import type { Bulk, BulkAction, BulkOutcome, BulkState, OutcomeRow } from '../history/ports/bulk-store.js';
import { isOurQueue } from '../history/to-task-view.js';
import { taskLinks } from '../bullmq/codec/to-task-view.js';

/** A bulk action as shown by REST and pages. Times are ISO 8601. */
export interface BulkView {
  id: string;
  action: BulkAction;
  /** Target queue of `move`. */
  to?: string;
  /** The query in its plain form; left out for a selection. */
  q?: string;
  reason?: string;
  by: string;
  state: BulkState;
  /** True after an abort, until the current batch has ended. */
  stopping: boolean;
  /** Number of tasks; null while they are being gathered. */
  total: number | null;
  counts: Record<BulkOutcome, number>;
  createdAt: string;
  /** End of the undo period. The action changes nothing before. */
  startsAt: string;
  startedAt?: string;
  finishedAt?: string;
  aborted?: { by: string; at: string };
  /** Reason why it waits or failed. */
  trouble?: string;
  /** Throughput while it runs, tasks per second, and the estimated time left, ms. */
  perSecond?: number;
  leftMs?: number;
  links: { self: string; page: string; outcomes: string; abort: string };
}

export interface OutcomeView {
  queue: string;
  id: string;
  outcome: BulkOutcome;
  detail?: string;
  at?: string;
  links: { self: string; page: string };
}

/** Minimum time over which a throughput is computed, ms. */
const MIN_RATE_MS = 400;

export function toBulkView(bulk: Bulk, now: number = Date.now()): BulkView {
  const { id, to, q, reason, total, startedAt, finishedAt, aborted, trouble } = bulk;
  const self = `/api/v1/bulk-actions/${id}`;
  return {
    id,
    action: bulk.action,
    ...(to === null ? {} : { to }),
    ...(q === null ? {} : { q }),
    ...(reason === null ? {} : { reason }),
    by: bulk.by,
    state: bulk.state,
    stopping: bulk.state === 'running' && aborted !== null,
    total,
    counts: bulk.counts,
    createdAt: iso(bulk.createdAt),
    startsAt: iso(bulk.startsAt),
    ...(startedAt === null ? {} : { startedAt: iso(startedAt) }),
    ...(finishedAt === null ? {} : { finishedAt: iso(finishedAt) }),
    ...(aborted === null ? {} : { aborted: { by: aborted.by, at: iso(aborted.at) } }),
    ...(trouble === null ? {} : { trouble }),
    ...speed(bulk, now),
    links: { self, page: `/tasks/bulk/${id}`, outcomes: `${self}/outcomes`, abort: `${self}/abort` },
  };
}

export function toOutcomeView({ queue, id, outcome, detail, at }: OutcomeRow): OutcomeView {
  const { self, page } = taskLinks(id, queue === '' || isOurQueue(queue) ? undefined : queue);
  return {
    queue,
    id,
    outcome,
    ...(detail === null ? {} : { detail }),
    ...(at === null ? {} : { at: iso(at) }),
    links: { self, page },
  };
}

/** Returns the number of tasks that have an outcome. */
export function settledOf({ done, asked, skipped, failed }: Record<BulkOutcome, number>): number {
  return done + asked + skipped + failed;
}

function speed({ state, pace, counts, total }: Bulk, now: number): { perSecond?: number; leftMs?: number } {
  if (state !== 'running' || !pace || now - pace.since < MIN_RATE_MS) return {};
  const perMs = (settledOf(counts) - pace.from) / (now - pace.since);
  return {
    perSecond: Math.round(perMs * 1000),
    ...(total !== null && perMs > 0 ? { leftMs: Math.round(counts.untouched / perMs) } : {}),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
