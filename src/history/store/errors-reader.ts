import { build } from './builder.js';
import type { SqliteDatabase } from './database.js';
import { ERROR_STATES } from './error-writer.js';
import type { ErrorGroup, ErrorGroupDetail, ErrorMark, ErrorSearch } from './history-store.js';
import type { ErrorGroupColumns } from './schema.js';
import { WORD, type Words } from './words.js';

const HOUR = 3_600_000;
const TREND_HOURS = 24;

type GroupRow = Omit<ErrorGroupColumns, 'id'> & { id: number };

/** The error groups, and what people said of them. */
export class ErrorsReader {
  constructor(
    private readonly db: SqliteDatabase,
    private readonly words: Words,
  ) {}

  list({ states, type, sort = 'last-seen', offset = 0, limit, now }: ErrorSearch): {
    items: ErrorGroup[];
    total: number;
  } {
    let query = build.selectFrom('error_groups');
    if (states)
      query = query.where(
        'state',
        'in',
        states.map((state) => ERROR_STATES.indexOf(state)),
      );
    if (type !== undefined) query = query.where('type', '=', this.words.find(WORD.type, type) ?? -1);
    const order = sort === 'count' ? 'n' : 'last_seen';
    const rows = this.db.query(
      query.selectAll().orderBy(order, 'desc').orderBy('id').limit(limit).offset(offset).compile(),
    ) as GroupRow[];
    const [{ total } = { total: 0 }] = this.db.query(
      query.select(({ fn }) => fn.countAll<number>().as('total')).compile(),
    );
    return { items: rows.map((row) => this.toGroup(row, now)), total };
  }

  find(fingerprint: string): ErrorGroupDetail | undefined {
    const [row] = this.db.query(
      build.selectFrom('error_groups').selectAll().where('fingerprint', '=', fingerprint).compile(),
    ) as GroupRow[];
    if (!row) return undefined;
    const workers = this.db.query(
      build
        .selectFrom('error_workers')
        .selectAll()
        .where('error_group', '=', row.id)
        .orderBy('n', 'desc')
        .limit(100)
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
      hours: hours.map(({ hour, n }) => ({ at: hour, count: n })),
    };
  }

  mark(fingerprint: string, { state, note, by, at }: ErrorMark): boolean {
    const query = build
      .updateTable('error_groups')
      .set({ state: ERROR_STATES.indexOf(state), by, changed: at, ...(note === undefined ? {} : { note }) })
      .where('fingerprint', '=', fingerprint);
    return this.db.execute(query.compile()) > 0;
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
      firstSeenAt: row.first_seen,
      lastSeenAt: row.last_seen,
      state: ERROR_STATES[row.state] ?? 'open',
      note: row.note,
      by: row.by,
      changedAt: row.changed,
      trend,
    };
  }
}
