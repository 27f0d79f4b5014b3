import { Inject, Injectable } from '@nestjs/common';
import { isPermission, type Permission, PERMISSION_NAMES } from '../auth/permissions.js';
import { readDayOrTime } from '../model/iso-time.js';
import { AUDIT_OUTCOMES, type AuditSearch, type StoredAuditEntry } from '../history/ports/audit-store.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { HISTORY } from '../history/tokens.js';
import { readQuery, shortText, wholeNumber } from '../http/query.js';
import { csvLine } from '../search/csv.js';
import { AuditLog } from './audit-log.js';
import { toView } from './audit-view.js';
import type { AuditPage, AuditView } from './audit.openapi.js';

export const AUDIT_FORMATS = ['csv', 'ndjson'] as const;
export type AuditFormat = (typeof AUDIT_FORMATS)[number];

const PIECE = 500;
const CURSOR = /^(\d{1,15})-(\d{1,15})$/;

/** Filters of the audit. */
export type AuditFilter = Omit<AuditSearch, 'after' | 'limit'>;

@Injectable()
export class AuditService {
  constructor(
    @Inject(HISTORY) private readonly history: HistoryStore,
    private readonly log: AuditLog,
  ) {}

  /** @throws RoostError QUERY_INVALID with every problem at once. */
  read(query: Record<string, unknown>): AuditSearch {
    const {
      cursor,
      limit = 50,
      ...filter
    } = readQuery(query, {
      ...FILTERS,
      cursor: place,
      limit: wholeNumber(1, 500),
    });
    return { ...filter, limit, ...(cursor ? { after: cursor } : {}) };
  }

  readExport(query: Record<string, unknown>): { filter: AuditFilter; format: AuditFormat } {
    const { format = 'csv', ...filter } = readQuery(query, { ...FILTERS, format: oneOf(AUDIT_FORMATS) });
    return { filter, format };
  }

  /** Returns a page, newest first. Flushes first, so that it includes the most recent entries. */
  async list(search: AuditSearch): Promise<AuditPage> {
    await this.log.flush();
    const items = await this.history.audits.search({ ...search, limit: search.limit + 1 });
    const shown = items.slice(0, search.limit);
    const last = items.length > search.limit ? shown.at(-1) : undefined;
    return { items: shown.map(toView), ...(last ? { nextCursor: `${last.at}-${last.no}` } : {}) };
  }

  /** Exports all matching entries in pieces, newest first. */
  async *write(filter: AuditFilter, format: AuditFormat): AsyncGenerator<string> {
    await this.log.flush();
    if (format === 'csv') yield csvLine(COLUMNS);
    let after: AuditSearch['after'];
    for (;;) {
      const items: StoredAuditEntry[] = await this.history.audits.search({
        ...filter,
        limit: PIECE,
        ...(after ? { after } : {}),
      });
      if (items.length > 0) yield items.map((item) => print(toView(item), format)).join('');
      if (items.length < PIECE) return;
      after = items.at(-1)!;
    }
  }
}

const COLUMNS = [
  ...['at', 'who', 'via', 'from', 'outcome', 'status', 'permission', 'method', 'route', 'path'],
  ...['targets', 'reason', 'requestId', 'code', 'count', 'lastAt'],
] as const satisfies (keyof AuditView)[];

function print(view: AuditView, format: AuditFormat): string {
  if (format === 'ndjson') return `${JSON.stringify(view)}\n`;
  return csvLine(
    COLUMNS.map((name) => {
      const value = view[name];
      return Array.isArray(value) ? value.join(' ') : value;
    }),
  );
}

const FILTERS = {
  who: shortText(200),
  permission: (text: string): Permission => {
    if (isPermission(text)) return text;
    throw new Error(`must be one of: ${PERMISSION_NAMES.join(', ')}`);
  },
  target: shortText(500),
  outcome: oneOf(AUDIT_OUTCOMES),
  from: readDayOrTime,
  to: readDayOrTime,
};

function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    if ((choices as readonly string[]).includes(text)) return text as T;
    throw new Error(`must be one of: ${choices.join(', ')}`);
  };
}

function place(text: string): { at: number; no: number } {
  const [, at, no] = CURSOR.exec(text) ?? [];
  if (at && no) return { at: Number(at), no: Number(no) };
  throw new Error('must be the nextCursor of an earlier answer');
}
