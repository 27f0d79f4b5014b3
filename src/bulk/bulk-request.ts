import { RoostError, type FieldProblem } from '../contract/errors.js';
import { QUEUE_NAMES } from '../contract/queues.js';
import type { BulkAction } from '../history/store/bulk-store.js';
import type { SearchParams } from '../search/search-params.js';

/** Tasks named one by one in one call. */
export const MAX_IDS = 1000;
/** Longest time to think it over, ms. */
export const LONGEST_UNDO_MS = 600_000;

/** What is to be done to which tasks: those a search finds, or those named. */
export interface BulkRequest {
  action: BulkAction;
  params?: SearchParams;
  /** Ids, or `<queue>/<id>`; needed for tasks of other programs alone. */
  ids?: readonly string[];
  /** The queue that `move` moves to. */
  to?: string;
  reason?: string;
}

export interface BulkStart extends BulkRequest {
  by: string;
  /** So long nothing is touched, and it can be undone. */
  undoMs?: number;
  /** The same key is the same bulk action, however often it is sent. */
  idempotencyKey?: string;
}

/** @throws RoostError REQUEST_INVALID with every problem at once. */
export function checkRequest({ action, params, ids, to }: BulkRequest): void {
  const problems: FieldProblem[] = [];
  if (params && ids) {
    problems.push({ path: 'ids', message: 'cannot be given together with a search; leave one of them out' });
  } else if (!params && !ids) {
    problems.push({
      path: 'q',
      message: 'is missing: say which tasks, by a search (q, state, type, ...; an empty q is all) or by ids',
    });
  }
  if (ids && (ids.length === 0 || ids.length > MAX_IDS)) {
    problems.push({
      path: 'ids',
      message: `holds ${ids.length} tasks; name 1 to ${MAX_IDS}, or search for them`,
    });
  }
  const queues = QUEUE_NAMES.join(', ');
  if (action === 'move' && to === undefined) {
    problems.push({ path: 'to', message: `is missing; it must be the queue to move to: ${queues}` });
  } else if (action === 'move' && !(QUEUE_NAMES as readonly string[]).includes(to!)) {
    problems.push({ path: 'to', message: `must be one of: ${queues}` });
  } else if (action !== 'move' && to !== undefined) {
    problems.push({ path: 'to', message: `goes with the action move only; leave it out of ${action}` });
  }
  if (problems.length === 0) return;
  throw new RoostError(
    'REQUEST_INVALID',
    problems.map(({ path, message }) => `${path} ${message}`).join('; '),
    problems,
  );
}
