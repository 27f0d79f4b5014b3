import { Inject, Injectable } from '@nestjs/common';
import { isPermission, type Permission, PERMISSION_NAMES } from '../access/permissions.js';
import {
  AUDIT_OUTCOMES,
  type AuditOutcome,
  type AuditSearch,
  type KeptAuditEntry,
} from '../history/store/audit-store.js';
import type { HistoryStore } from '../history/store/history-store.js';
import { HISTORY } from '../history/tokens.js';
import { readQuery, shortText, wholeNumber } from '../http/query.js';
import { csvLine } from '../search/csv.js';
import { AuditLog } from './audit-log.js';

export const AUDIT_FORMATS = ['csv', 'ndjson'] as const;
export type AuditFormat = (typeof AUDIT_FORMATS)[number];

const PIECE = 500;
const CURSOR = /^(\d{1,15})-(\d{1,15})$/;
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d))?$/i;

/** An entry of the audit as it is told. */
export interface AuditView {
  at: string;
  who: string | null;
  via: string;
  from: string;
  permission: string | null;
  method: string;
  route: string | null;
  path: string;
  targets: string[];
  reason: string | null;
  outcome: AuditOutcome;
  status: number;
  code: string | null;
  requestId: string | null;
  /** How often; more than once where an entry stands for many. */
  count: number;
  /** The last of so many. */
  lastAt: string | null;
}

export interface AuditPage {
  items: AuditView[];
  nextCursor?: string;
}

/** What can be asked for. */
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

  /** Newest first, with what happened a moment ago. */
  async list(search: AuditSearch): Promise<AuditPage> {
    await this.log.flush();
    const items = await this.history.audits.search({ ...search, limit: search.limit + 1 });
    const shown = items.slice(0, search.limit);
    const last = items.length > search.limit ? shown.at(-1) : undefined;
    return { items: shown.map(toView), ...(last ? { nextCursor: `${last.at}-${last.no}` } : {}) };
  }

  /** All of it, piece by piece, newest first. */
  async *write(filter: AuditFilter, format: AuditFormat): AsyncGenerator<string> {
    await this.log.flush();
    if (format === 'csv') yield csvLine(COLUMNS);
    let after: AuditSearch['after'];
    for (;;) {
      const items: KeptAuditEntry[] = await this.history.audits.search({
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

function toView({
  at,
  who,
  permission,
  route,
  code,
  requestId,
  lastAt,
  no: _,
  ...entry
}: KeptAuditEntry): AuditView {
  return {
    ...entry,
    at: new Date(at).toISOString(),
    lastAt: lastAt === null ? null : new Date(lastAt).toISOString(),
    code: code || null,
    requestId: requestId || null,
    who: who || null,
    permission: permission || null,
    route: route || null,
  };
}

const FILTERS = {
  who: shortText(200),
  permission: (text: string): Permission => {
    if (isPermission(text)) return text;
    throw new Error(`must be one of: ${PERMISSION_NAMES.join(', ')}`);
  },
  target: shortText(500),
  outcome: oneOf(AUDIT_OUTCOMES),
  from: time,
  to: time,
};

function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    if ((choices as readonly string[]).includes(text)) return text as T;
    throw new Error(`must be one of: ${choices.join(', ')}`);
  };
}

/** ms; a day alone is its beginning in UTC. */
function time(text: string): number {
  const at = TIME.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at))
    throw new Error('must be a day such as 2026-11-23, or a time such as 2026-11-23T14:00:00Z');
  return at;
}

function place(text: string): { at: number; no: number } {
  const [, at, no] = CURSOR.exec(text) ?? [];
  if (at && no) return { at: Number(at), no: Number(no) };
  throw new Error('must be the nextCursor of an earlier answer');
}
