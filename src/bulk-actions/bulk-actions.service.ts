import { Inject, Injectable } from '@nestjs/common';
import { withOwner } from '../auth/principal.js';
import { randomBytes } from 'node:crypto';
import { RoostError } from '../model/errors.js';
import { HistoryStatus } from '../history/history-status.js';
import type { QueryNode } from '../history/query/query-ast.js';
import { printQuery } from '../history/query/print-query.js';
import type { Bulk, BulkOutcome } from '../history/ports/bulk-store.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { HISTORY } from '../history/tokens.js';
import { SearchService } from '../search/search.service.js';
import { isObserved, type ObservedTask } from '../tasks/located-task.js';
import { checkIdempotencyKey, fingerprint } from '../tasks/idempotency.js';
import { Queues } from '../bullmq/shared-queues.js';
import { TaskCommands } from '../tasks/task-commands.js';
import { TaskQueries } from '../tasks/task-queries.js';
import { BulkPreviews } from './bulk-preview.js';
import type { BulkPreview, BulkView, OutcomeView } from './bulk-actions.openapi.js';
import { checkRequest, type BulkRequest, type BulkStart } from './bulk-request.js';
import { BulkRunner } from './bulk-runner.js';
import { toBulkView, toOutcomeView } from './bulk-view.js';
import { Selection } from './selection.js';

/** Maximum wait for the history to record recent events, ms. */
const CATCH_UP_MS = 1000;

/** Previews bulk actions, and creates, lists and aborts them. BulkRunner carries them out in the background. */
@Injectable()
export class BulkActionsService {
  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly status: HistoryStatus,
    private readonly search: SearchService,
    private readonly selection: Selection,
    private readonly previews: BulkPreviews,
    private readonly runner: BulkRunner,
    private readonly tasks: TaskQueries,
    private readonly commands: TaskCommands,
    private readonly queues: Queues,
  ) {}

  /**
   * Counts the tasks that the action would apply to and returns a sample. Changes nothing.
   * @throws RoostError REQUEST_INVALID, QUERY_INVALID
   */
  async dryRun(request: BulkRequest): Promise<BulkPreview> {
    checkRequest(request, this.queues.names());
    const { action, ids, params, to } = request;
    await this.status.caughtUp(CATCH_UP_MS);
    const more = { now: Date.now(), ...(to === undefined ? {} : { to }) };
    if (ids) return this.previews.ofSelection(action, { ids, ...more });
    const { filter } = this.search.parse(params ?? {});
    return this.previews.ofQuery(action, { filter, text: printQuery({ filter, sort: null }), ...more });
  }

  /** Creates a bulk action. `created` is false where the key was used before. @throws as `dryRun`, and IDEMPOTENCY_CONFLICT. */
  async order(start: BulkStart): Promise<{ bulk: BulkView; created: boolean }> {
    checkRequest(start, this.queues.names());
    const { action, ids, params, to, reason, by, undoMs = 0, idempotencyKey } = start;
    if (idempotencyKey !== undefined) checkIdempotencyKey(idempotencyKey.text);
    const filter = params ? this.search.parse(params).filter : null;
    await this.status.caughtUp(CATCH_UP_MS);
    const targets = ids && (await this.selection.find(ids));
    const now = Date.now();
    const print = fingerprint([action, params ?? null, ids ?? null, to ?? null, reason ?? null, undoMs]);
    const { bulk, created } = await this.store.bulks.create(
      {
        id: newBulkId(now),
        action,
        to: to ?? null,
        q: ids ? null : printQuery({ filter, sort: null }),
        filter: ids ? null : upTo(filter, Math.min(now, start.asOf ?? now)),
        reason: reason ?? null,
        by,
        createdAt: now,
        startsAt: now + undoMs,
        key: idempotencyKey === undefined ? null : withOwner(idempotencyKey),
        fingerprint: idempotencyKey === undefined ? null : print,
      },
      targets?.map(({ queue, id }) => ({ queue, id })),
    );
    if (!created && bulk.fingerprint !== print) throw keyConflict();
    this.runner.poll();
    return { bulk: toBulkView(bulk), created };
  }

  async start(start: BulkStart): Promise<BulkView> {
    return (await this.order(start)).bulk;
  }

  /**
   * Deletes one task of a managed queue after `undoMs`.
   * @throws RoostError TASK_NOT_FOUND, TASK_GONE, TASK_STATE_CONFLICT
   */
  async deleteOne(id: string, order: { queue?: string; by: string; undoMs: number }): Promise<BulkView> {
    const located = await this.tasks.find(id, order.queue);
    if (isObserved(located)) throw noUndo(located);
    if (located.redis) await this.commands.requireDeletable(located.redis);
    const { by, undoMs } = order;
    return this.start({ action: 'delete', ids: [`${located.queue}/${id}`], by, undoMs });
  }

  /** Lists bulk actions, newest first. */
  async list({ before, limit }: { before?: number; limit: number }): Promise<BulkView[]> {
    const bulks = await this.store.bulks.list({ limit, ...(before === undefined ? {} : { before }) });
    return bulks.map((bulk) => toBulkView(bulk));
  }

  /** @throws RoostError BULK_NOT_FOUND, like every method below. */
  async get(id: string): Promise<BulkView> {
    return toBulkView(found(id, await this.store.bulks.get(id)));
  }

  async outcomes(
    id: string,
    page: { outcome?: BulkOutcome; after?: number; limit: number },
  ): Promise<{ items: OutcomeView[]; next?: number }> {
    found(id, await this.store.bulks.get(id));
    const { items, next } = await this.store.bulks.outcomes(id, page);
    return { items: items.map(toOutcomeView), ...(next === undefined ? {} : { next }) };
  }

  /** Undoes a pending action. Stops a running one after its current batch. Does not change one that has ended. */
  async abort(id: string, by: string): Promise<BulkView> {
    const bulk = found(id, await this.store.bulks.abort(id, by, Date.now()));
    this.runner.wake(id);
    return toBulkView(bulk);
  }
}

/** Creates an id that sorts by time and cannot be guessed. */
function newBulkId(now: number): string {
  return `b${now.toString(36)}${randomBytes(6).toString('hex')}`;
}

/** Restricts the filter to tasks created up to `now`, so that later tasks are not affected. */
function upTo(filter: QueryNode | null, now: number): QueryNode {
  const text = new Date(now).toISOString();
  const bound: QueryNode = {
    kind: 'time',
    field: 'created',
    test: { op: '<=', value: { kind: 'date', text, from: now, to: now + 1 } },
  };
  if (!filter) return bound;
  return { kind: 'and', nodes: filter.kind === 'and' ? [...filter.nodes, bound] : [filter, bound] };
}

function found(id: string, bulk: Bulk | undefined): Bulk {
  if (bulk) return bulk;
  throw new RoostError(
    'BULK_NOT_FOUND',
    `There is no bulk action \`${id.slice(0, 64)}\`. GET /api/v1/bulk-actions lists all of them.`,
  );
}

function noUndo({ queue, history }: ObservedTask): RoostError {
  return new RoostError(
    'TASK_STATE_CONFLICT',
    `This task belongs to another program, in the queue \`${queue}\`: it can only be deleted at once. Leave out undoMs.`,
    undefined,
    { state: history.state },
  );
}

function keyConflict(): RoostError {
  const message = 'was used for another bulk action; use a new key for a new one';
  return new RoostError('IDEMPOTENCY_CONFLICT', `This Idempotency-Key ${message}.`, [
    { path: 'Idempotency-Key', message },
  ]);
}
