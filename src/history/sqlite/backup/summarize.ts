import { toState } from '../../recording/rules/codes.js';
import type { SqliteDatabase } from '../database.js';

/** Contents of a backup. */
export interface BackupSummary {
  bytes: number;
  tasks: number;
  byState: Record<string, number>;
  /** Rows of the other tables, by a readable name. */
  rows: Record<string, number>;
  /** ISO 8601, by the clock of Redis: the last recorded event; null without one. */
  lastEventAt: string | null;
}

const ROWS = {
  attempts: 'attempts',
  'log lines': 'logs',
  'error groups': 'error_groups',
  'audit entries': 'audit',
  'saved searches': 'searches',
  'bulk actions': 'bulks',
};

export function summarize(db: SqliteDatabase, bytes: number): BackupSummary {
  const count = (table: string) => db.get<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)!.n;
  const states = db.all<{ state: number; n: number }>(
    'SELECT state, count(*) AS n FROM tasks GROUP BY state ORDER BY n DESC',
  );
  const places = db.all<{ place: string }>('SELECT place FROM cursors');
  const last = Math.max(0, ...places.map(({ place }) => Number.parseInt(place, 10)));
  return {
    bytes,
    tasks: count('tasks'),
    byState: Object.fromEntries(states.map(({ state, n }) => [toState(state), n])),
    rows: Object.fromEntries(Object.entries(ROWS).map(([name, table]) => [name, count(table)])),
    lastEventAt: last > 0 ? new Date(last).toISOString() : null,
  };
}
