import type { OwnedKey } from '../auth/principal.js';
import { RoostError, type FieldProblem } from '../model/errors.js';
import type { BulkAction } from '../history/ports/bulk-store.js';
import type { SearchParams } from '../search/search-params.js';

/** Maximum number of ids per request. */
export const MAX_IDS = 1000;
/** Maximum undo period, ms. */
export const MAX_UNDO_MS = 600_000;

/** An action and its tasks, selected by a search or by ids. */
export interface BulkRequest {
  action: BulkAction;
  params?: SearchParams;
  /** Ids, or `<queue>/<id>`. The queue is required only for tasks of other programs. */
  ids?: readonly string[];
  /** Target queue of `move`. */
  to?: string;
  reason?: string;
}

export interface BulkStart extends BulkRequest {
  by: string;
  /** Time of the request, ms since 1970. Tasks created later are not affected. */
  asOf?: number;
  /** Period before the action begins, during which it can be undone, ms. */
  undoMs?: number;
  /** Makes the request repeatable: the same key yields the same bulk action. */
  idempotencyKey?: OwnedKey;
}

/** @throws RoostError REQUEST_INVALID with every problem at once. */
export function checkRequest({ action, params, ids, to }: BulkRequest, queueNames: readonly string[]): void {
  const problems: FieldProblem[] = [];
  if (params && ids) {
    problems.push({ path: 'ids', message: 'cannot be given together with a search; leave one of them out' });
  } else if (!params && !ids) {
    problems.push({
      path: 'q',
      message: 'is missing: select tasks by a search (q, state, type, ...; an empty q selects all) or by ids',
    });
  }
  if (ids && (ids.length === 0 || ids.length > MAX_IDS)) {
    problems.push({
      path: 'ids',
      message: `contains ${ids.length} ids; give 1 to ${MAX_IDS}, or use a search`,
    });
  }
  const queues = queueNames.join(', ');
  if (action === 'move' && to === undefined) {
    problems.push({ path: 'to', message: `is missing; it must be the queue to move to: ${queues}` });
  } else if (action === 'move' && !queueNames.includes(to!)) {
    problems.push({ path: 'to', message: `must be one of: ${queues}` });
  } else if (action !== 'move' && to !== undefined) {
    problems.push({ path: 'to', message: `is only for the action move; leave it out of ${action}` });
  }
  if (problems.length === 0) return;
  throw new RoostError(
    'REQUEST_INVALID',
    problems.map(({ path, message }) => `${path} ${message}`).join('; '),
    problems,
  );
}
