import { sql } from './kysely.js';
import { build } from './builder.js';
import type { SqliteDatabase } from './database.js';
import { ERROR_STATES } from '../ports/error-group-store.js';
import type {
  ErrorGroup,
  ErrorGroupDetail,
  ErrorMark,
  ErrorPage,
  ErrorSearch,
  ErrorState,
} from '../ports/error-group-store.js';
import type { ErrorGroupColumns } from './schema.js';
import type { Dictionary } from './dictionary.js';
import { WORD } from '../recording/rules/names.js';

const HOUR = 3_600_000;
const TREND_HOURS = 24;
/** Maximum listed workers and versions of one group. */
const MAX_LISTED = 100;

type GroupRow = Omit<ErrorGroupColumns, 'id'> & { id: number; recent: number };

/** Error groups and the marks that users set on them. */
export class ErrorsReader {
  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Dictionary,
  ) {}

  list(search: ErrorSearch): ErrorPage {
    const { states, sort = 'last-seen', offset = 0, limit, now } = search;
    const found = this.matching(search);
    const byState = Object.fromEntries(ERROR_STATES.map((state) => [state, 0])) as Record<ErrorState, number>;
    const counted = found.select(['state', ({ fn }) => fn.countAll<number>().as('n')]).groupBy('state');
    for (const { state, n } of this.db.query(counted.compile())) byState[ERROR_STATES[state]!] = n;

    const codes = (states ?? ERROR_STATES).map((state) => ERROR_STATES.indexOf(state));
    const order = {
      'last-seen': 'last_seen',
      'first-seen': 'first_seen',
      count: 'n',
      recent: 'recent',
    } as const;
    const page = found
      .selectAll()
      .select(recentSince(search.since).as('recent'))
      .where('state', 'in', codes)
      .orderBy(order[sort], 'desc')
      .orderBy('last_seen', 'desc')
      .orderBy('id')
      .limit(limit)
      .offset(offset);
    const rows = this.db.query(page.compile()) as GroupRow[];
    return {
      items: rows.map((row) => this.toGroup(row, now)),
      total: codes.reduce((sum, code) => sum + byState[ERROR_STATES[code]!], 0),
      byState,
    };
  }

  find(fingerprint: string): ErrorGroupDetail | undefined {
    const [row] = this.db.query(
      build
        .selectFrom('error_groups')
        .selectAll()
        .select('n as recent')
        .where('fingerprint', '=', fingerprint)
        .compile(),
    ) as GroupRow[];
    if (!row) return undefined;
    const workers = this.db.query(
      build
        .selectFrom('error_workers')
        .selectAll()
        .where('error_group', '=', row.id)
        .orderBy('n', 'desc')
        .limit(MAX_LISTED)
        .compile(),
    );
    const versions = this.db.query(
      build
        .selectFrom('error_versions')
        .selectAll()
        .where('error_group', '=', row.id)
        .orderBy('last_seen', 'desc')
        .limit(MAX_LISTED)
        .compile(),
    );
    const hours = this.db.query(
      build.selectFrom('error_hours').selectAll().where('error_group', '=', row.id).orderBy('hour').compile(),
    );
    return {
      ...this.toGroup(row, row.last_seen),
      workers: workers.map(({ worker, n, last_seen }) => ({
        worker: this.words.textOf(worker),
        count: n,
        lastSeenAt: last_seen,
      })),
      versions: versions.map(({ version, n, first_seen, last_seen }) => ({
        version: this.words.textOf(version),
        count: n,
        firstSeenAt: first_seen,
        lastSeenAt: last_seen,
      })),
      hours: hours.map(({ hour, n }) => ({ at: hour, count: n })),
    };
  }

  mark(fingerprint: string, { state, note, by, at }: ErrorMark): boolean {
    const query = build
      .updateTable('error_groups')
      .set({
        state: ERROR_STATES.indexOf(state),
        by,
        changed: at,
        regressed: null,
        ...(note === undefined ? {} : { note }),
      })
      .where('fingerprint', '=', fingerprint);
    return this.db.execute(query.compile()) > 0;
  }

  /** Applies all conditions except the state. */
  private matching({ type, text, since }: ErrorSearch) {
    let query = build.selectFrom('error_groups');
    if (type !== undefined) query = query.where('type', '=', this.words.find(WORD.type, type) ?? -1);
    if (since !== undefined) query = query.where('last_seen', '>=', Math.floor(since / HOUR) * HOUR);
    for (const word of text?.trim().split(/\s+/).filter(Boolean) ?? []) {
      const pattern = `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`;
      const type = sql`(SELECT text FROM words WHERE id = error_groups.type)`;
      query = query.where(
        sql<boolean>`(name || ' ' || message || ' ' || sample || ' ' || frame || ' ' || fingerprint || ' ' || ${type}) LIKE ${pattern} ESCAPE '\\'`,
      );
    }
    return query;
  }

  private toGroup(row: GroupRow, now: number): ErrorGroup {
    const lastHour = Math.floor(now / HOUR) * HOUR;
    const firstHour = lastHour - (TREND_HOURS - 1) * HOUR;
    const trend = Array<number>(TREND_HOURS).fill(0);
    const hours = this.db.query(
      build
        .selectFrom('error_hours')
        .select(['hour', 'n'])
        .where('error_group', '=', row.id)
        .where('hour', '>=', firstHour)
        .where('hour', '<=', lastHour)
        .compile(),
    );
    for (const { hour, n } of hours) trend[(hour - firstHour) / HOUR] = n;
    return {
      fingerprint: row.fingerprint,
      type: this.words.textOf(row.type),
      name: row.name,
      message: row.message,
      sample: row.sample,
      frame: row.frame,
      count: row.n,
      recent: row.recent,
      firstSeenAt: row.first_seen,
      lastSeenAt: row.last_seen,
      state: ERROR_STATES[row.state] ?? 'open',
      note: row.note,
      by: row.by,
      changedAt: row.changed,
      regressedAt: row.regressed,
      trend,
    };
  }
}

function recentSince(since: number | undefined) {
  if (since === undefined) return sql<number>`n`;
  return sql<number>`coalesce((SELECT sum(h.n) FROM error_hours AS h
    WHERE h.error_group = error_groups.id AND h.hour >= ${Math.floor(since / HOUR) * HOUR}), 0)`;
}
