import { PERMISSION_NAMES } from '../../auth/permissions.js';
import type { AuditPage, AuditView } from '../../audit/audit.openapi.js';
import type { FieldProblem } from '../../model/errors.js';
import type { Params } from '../kit/params.js';
import { lastOf, typed } from '../kit/params.js';
import { formatNumber } from '../kit/format.js';

const PAGE_PATH = '/monitor/audit';
const FILTERS = ['who', 'permission', 'target', 'outcome', 'from', 'to'] as const;
const OUTCOMES = ['done', 'refused', 'failed'] as const;
const MARKS = { done: 'completed', refused: 'expired', failed: 'failed' } as const;
const ICONS = { done: 'circle-check', refused: 'ban', failed: 'circle-x' } as const;

interface AuditRow extends AuditView {
  tone: string;
  icon: string;
  /**
   * Returns the attempted action as one word: its permission, or its route if the request was refused before
   * the permission check.
   */
  act: string;
  whoHref?: string;
  /** Number of folded entries, if the entry stands for several. */
  times?: string;
  what: string;
  targetLinks: { text: string; href: string }[];
}

export interface ShownAudit {
  rows: AuditRow[];
  typed: Record<(typeof FILTERS)[number], string | undefined>;
  permissions: { value: string; selected: boolean }[];
  outcomes: { value: string; selected: boolean }[];
  isNarrowed: boolean;
  problems: FieldProblem[];
  nextHref?: string;
  firstHref?: string;
  csvHref: string;
  ndjsonHref: string;
}

export function toAuditPage(page: AuditPage, query: Params, problems: FieldProblem[] = []): ShownAudit {
  const given = Object.fromEntries(FILTERS.map((name) => [name, typed(query, name)])) as ShownAudit['typed'];
  const href = (changes: Record<string, string | undefined>, to = PAGE_PATH) => {
    const all = Object.entries({ ...given, ...changes }).filter(([, value]) => value);
    return all.length > 0 ? `${to}?${new URLSearchParams(all as [string, string][])}` : to;
  };
  return {
    rows: page.items.map((item) => toRow(item, href)),
    typed: given,
    permissions: PERMISSION_NAMES.map((value) => ({ value, selected: value === given.permission })),
    outcomes: OUTCOMES.map((value) => ({ value, selected: value === given.outcome })),
    isNarrowed: Object.values(given).some(Boolean),
    problems,
    nextHref: page.nextCursor ? href({ cursor: page.nextCursor }) : undefined,
    firstHref: lastOf(query, 'cursor') ? href({}) : undefined,
    csvHref: href({ format: 'csv' }, '/api/v1/audit/export'),
    ndjsonHref: href({ format: 'ndjson' }, '/api/v1/audit/export'),
  };
}

function toRow(item: AuditView, href: (changes: Record<string, string>) => string): AuditRow {
  return {
    ...item,
    tone: MARKS[item.outcome],
    icon: ICONS[item.outcome],
    act: item.permission ?? item.route ?? (item.path || 'various'),
    what: item.path ? `${item.method} ${item.path}` : 'what is not alike, together',
    from: item.from || 'many addresses',
    ...(item.count > 1 ? { times: formatNumber(item.count) } : {}),
    ...(item.who ? { whoHref: href({ who: item.who }) } : {}),
    targetLinks: item.targets.map((text) => ({ text, href: href({ target: text }) })),
  };
}
