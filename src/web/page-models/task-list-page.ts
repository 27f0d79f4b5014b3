import type { FieldProblem } from '../../contract/errors.js';
import type { TaskPage as TaskListing } from '../../contract/task-view.js';
import type { RecorderStatus } from '../../history/history-status.js';
import type { Query } from '../../history/query/query-ast.js';
import type { GroupCounts } from '../../history/store/history-store.js';
import type { SearchView } from '../../search/saved-searches.service.js';
import type { TaskColumn } from '../../search/task-columns.js';
import { formatDuration, formatNumber } from './format.js';
import { queryHelp } from './query-help.js';
import { firstHref, newerHref, olderHref, toHref, type ListAddress } from './task-list-address.js';
import {
  orderWords,
  toColumnChoices,
  toColumnHeads,
  type ColumnChoice,
  type ColumnHead,
} from './task-list-columns.js';
import {
  toChips,
  toHints,
  toSelects,
  type FilterSelect,
  type Hint,
  type Loosening,
  type StateChip,
} from './task-list-filters.js';
import { type TaskRow, toTaskRow } from './task-row.js';

export const PAGE_SIZE = 50;
/** Behind by less is no news, ms. */
const NOTICED_LAG_MS = 1_000;

/** What stands on the page whether or not the query can be understood. */
export interface ListFrame {
  q: string;
  /** The columns that the address names, to be carried along. */
  kept?: string;
  self: string;
  help: ReturnType<typeof queryHelp>;
  saved: { id: string; name: string; q: string; href: string; current: boolean }[];
  choices: ColumnChoice[];
  /** One has just been moved: the choice stays open. */
  arranging: boolean;
  /** There is something to give a name to. */
  savable: boolean;
  /** Back to the usual columns. */
  usualHref: string;
}

export interface ListPage extends ListFrame {
  chips: StateChip[];
  selects: FilterSelect[];
  hints: Hint[];
  heads: ColumnHead[];
  /** In their order, with `show` for what depends on another column being there. */
  columns: readonly TaskColumn[];
  show: Partial<Record<TaskColumn, boolean>>;
  /** Width of the table, by how many columns it has. */
  width: string;
  rows: TaskRow[];
  /** `1,234 tasks`, `3 match`, `more than 10,000 match`. */
  count: string;
  foot: string;
  notice?: { text: string; behind: boolean };
  /** What can be done with all that match. */
  all?: { count: string };
  exports: { csv: string; ndjson: string };
  filtered: boolean;
  loosen: Loosening[];
  firstHref?: string;
  newerHref?: string;
  nextHref?: string;
}

export interface ListParts {
  here: ListAddress;
  query: Query;
  columns: readonly TaskColumn[];
  listing: TaskListing;
  /** Of the query without its states; missing where nobody could count. */
  counts?: GroupCounts;
  /** Of all tasks. */
  known?: GroupCounts;
  saved: SearchView[];
  status: RecorderStatus;
  loosen: Loosening[];
  /** The column that has just been moved, and where to. */
  moved?: string;
}

export function toListFrame(
  here: ListAddress,
  columns: readonly TaskColumn[],
  saved: SearchView[],
  moved?: string,
): ListFrame {
  return {
    q: here.q,
    ...(here.columns ? { kept: here.columns.join(',') } : {}),
    self: toHref(here),
    help: queryHelp(),
    saved: saved.map(({ id, name, q, links }) => ({ id, name, q, href: links.page, current: q === here.q })),
    choices: toColumnChoices(columns, moved),
    arranging: moved !== undefined,
    savable: here.q !== '' || here.columns !== undefined,
    usualHref: `/tasks?${new URLSearchParams({ ...(here.q ? { q: here.q } : {}), columns: 'usual' })}`,
  };
}

export function toListPage(parts: ListParts): ListPage {
  const { here, query, columns, listing, counts, known, saved, status, loosen, moved } = parts;
  const { items, total } = listing;
  const filtered = query.filter !== null;
  const self = toHref(here);
  const words = totalWords(listing);
  return {
    ...toListFrame(here, columns, saved, moved),
    chips: toChips(query, counts, here),
    selects: toSelects(query, known),
    hints: toHints(query, known, here),
    heads: toColumnHeads(columns, query, here),
    columns,
    show: Object.fromEntries(columns.map((column) => [column, true])),
    width: columns.length > 13 ? 'widest' : columns.length > 10 ? 'wide' : 'usual',
    rows: items.map((task) => toTaskRow(task, self)),
    count: filtered
      ? `${words} ${total === 1 ? 'matches' : 'match'}`
      : `${words} ${total === 1 ? 'task' : 'tasks'}`,
    foot: `${rangeWords(items.length, here.page ?? 1)} of ${words}, ${orderWords(query)}`,
    notice: toNotice(status, listing.lagMs),
    ...(total > items.length ? { all: { count: words } } : {}),
    exports: { csv: exportHref(here.q, 'csv'), ndjson: exportHref(here.q, 'ndjson') },
    filtered,
    loosen,
    ...(here.cursor ? { firstHref: firstHref(here), newerHref: newerHref(here) } : {}),
    ...(listing.nextCursor ? { nextHref: olderHref(here, listing.nextCursor) } : {}),
  };
}

export interface BrokenList extends ListFrame {
  problem: {
    title: string;
    texts: string[];
    /** The query around what is wrong in it. */
    at?: { before: string; wrong: string; after: string; column: number };
  };
}

/** In place of a list, where what was asked for cannot be understood. */
export function toBrokenList(
  frame: ListFrame,
  fields: readonly FieldProblem[],
  place: { column?: number; from?: number; to?: number; problem?: string } | undefined,
): BrokenList {
  const { column, from = 0, to = from, problem } = place ?? {};
  const rest = fields.filter(({ path }) => path !== 'q' || column === undefined);
  return {
    ...frame,
    savable: false,
    problem: {
      title: column === undefined ? 'This list cannot be shown' : `The search stops at column ${column}`,
      texts: [...(problem ? [problem] : []), ...rest.map(({ path, message }) => `${path} ${message}`)],
      ...(column === undefined
        ? {}
        : {
            at: {
              before: frame.q.slice(0, from),
              // What is missing at the end has no width of its own.
              wrong: frame.q.slice(from, to) || ' ',
              after: frame.q.slice(to),
              column,
            },
          }),
    },
  };
}

/** `12,345`, or `more than 10,000` where nobody counted to the end. */
export function totalWords({ total, totalIsExact }: Pick<TaskListing, 'total' | 'totalIsExact'>): string {
  return totalIsExact ? formatNumber(total) : `more than ${formatNumber(roundDown(total))}`;
}

/** 10,001 was counted to know that it is more than 10,000. */
function roundDown(total: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, total))));
  return total <= 1 ? total : Math.floor((total - 1) / step) * step || total - 1;
}

function rangeWords(shown: number, page: number): string {
  const before = (page - 1) * PAGE_SIZE;
  return shown === 0 ? '0' : `${formatNumber(before + 1)}–${formatNumber(before + shown)}`;
}

function exportHref(q: string, format: 'csv' | 'ndjson'): string {
  return `/api/v1/tasks/export?${new URLSearchParams({ format, ...(q ? { q } : {}) })}`;
}

function toNotice(status: RecorderStatus, lagMs: number | undefined): ListPage['notice'] {
  if (status.state === 'away') {
    return {
      text: 'Redis does not answer. This is what the history knows; new tasks and new states come when it is back.',
      behind: true,
    };
  }
  if (lagMs === undefined) return undefined;
  if (lagMs >= NOTICED_LAG_MS) {
    return {
      text: `The history is ${formatDuration(lagMs)} behind what happens: the newest tasks and states are still missing.`,
      behind: true,
    };
  }
  return status.state === 'stopped'
    ? { text: 'Nothing is being recorded just now: new tasks and new states are missing.', behind: true }
    : undefined;
}
