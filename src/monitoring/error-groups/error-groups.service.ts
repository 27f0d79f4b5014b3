import { Inject, Injectable } from '@nestjs/common';
import { Redaction } from '../../platform/redaction/redaction.js';
import { RoostError } from '../../model/errors.js';
import { HistoryStatus } from '../../history/history-status.js';
import { parseQuery } from '../../history/query/parse-query.js';
import type { HistoryStore } from '../../history/ports/history-store.js';
import type { ErrorSearch } from '../../history/ports/error-group-store.js';
import { scrubOfHistory, toTaskView } from '../../history/to-task-view.js';
import { HISTORY } from '../../history/tokens.js';
import { toErrorGroupDetailView, toErrorGroupView } from './error-group-views.js';
import type { ErrorGroupDetailView, ErrorGroupPage } from './error-groups.openapi.js';
import { ERROR_ACTS, type ErrorAct } from './error-states.js';

const SAMPLES = 8;
const SHOWN_VERSIONS_MS = 8 * 86_400_000;
const FINGERPRINT = /^[0-9a-f]{16}$/;

/** Groups of failures with the same cause, with the state and note that users set. */
@Injectable()
export class ErrorGroupsService {
  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly recorder: HistoryStatus,
    private readonly redaction: Redaction,
  ) {}

  async list(search: Omit<ErrorSearch, 'now'>, now: number = Date.now()): Promise<ErrorGroupPage> {
    const { items, total, byState } = await this.store.errors({ ...search, now });
    const next = (search.offset ?? 0) + items.length;
    return {
      items: items.map(toErrorGroupView),
      total,
      byState,
      ...(next < total && items.length > 0 ? { nextCursor: String(next) } : {}),
    };
  }

  /** @throws RoostError ERROR_GROUP_NOT_FOUND */
  async get(fingerprint: string, now: number = Date.now()): Promise<ErrorGroupDetailView> {
    const group = FINGERPRINT.test(fingerprint) ? await this.store.error(fingerprint) : undefined;
    if (!group) throw missing(fingerprint);
    const [failed, newest] = await Promise.all([
      this.store.search({ query: parseQuery(`group:${fingerprint} state:failed`), limit: 1, now }),
      this.store.search({ query: parseQuery(`group:${fingerprint}`), limit: SAMPLES, now }),
    ]);
    return toErrorGroupDetailView(
      group,
      { total: failed.total, isExact: failed.totalIsExact },
      newest.items.map((task) => toTaskView(task, this.redaction, now)),
    );
  }

  /** Loads a group with the other data of its page: the newest failure, and the versions of the last week. */
  async inspect(fingerprint: string, now: number = Date.now()) {
    const group = await this.get(fingerprint, now);
    const newest = group.tasks.find(({ state }) => state === 'failed') ?? group.tasks[0];
    const [task, versions] = await Promise.all([
      newest ? this.store.get(newest.id, newest.queue) : undefined,
      this.store.versions(now - SHOWN_VERSIONS_MS, now),
    ]);
    return {
      group,
      failure: task?.error ? scrubOfHistory(task, this.redaction).failure(task.error) : undefined,
      versions,
    };
  }

  /** Sets the state of a group. Without `note` the note does not change. @throws RoostError ERROR_GROUP_NOT_FOUND */
  async mark(fingerprint: string, act: ErrorAct, { by, note }: { by: string; note?: string }): Promise<void> {
    // Waits until earlier failures are recorded, so that none of them counts as a regression.
    if (act === 'resolve') await this.recorder.caughtUp();
    const mark = { state: ERROR_ACTS[act], by, at: Date.now(), ...(note === undefined ? {} : { note }) };
    const isKnown = FINGERPRINT.test(fingerprint) && (await this.store.markError(fingerprint, mark));
    if (!isKnown) throw missing(fingerprint);
  }
}

function missing(fingerprint: string): RoostError {
  return new RoostError(
    'ERROR_GROUP_NOT_FOUND',
    `There is no error group ${fingerprint.slice(0, 40)}. Groups without failures are deleted after 100 days.`,
  );
}
