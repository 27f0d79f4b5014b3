import type { Bulk, BulkOutcome, OutcomeRow } from '../history/ports/bulk-store.js';
import { isOurQueue } from '../history/to-task-view.js';
import { taskLinks } from '../bullmq/codec/to-task-view.js';
import type { BulkView, OutcomeView } from './bulk-actions.openapi.js';

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

function speed(
  { state, rateBase: pace, counts, total }: Bulk,
  now: number,
): { perSecond?: number; leftMs?: number } {
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
