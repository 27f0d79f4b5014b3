import type { FieldProblem } from '../../model/errors.js';
import type { TaskPage as TaskListing, TaskView } from '../../model/task-view.js';
import type { RecorderStatus } from '../../history/history-status.js';
import type { Query } from '../../history/query/query-ast.js';
import type { GroupCounts } from '../../history/ports/history-store.js';
import type { SearchView } from '../../search/search.openapi.js';
import type { TaskColumn } from '../../search/task-columns.js';
import type { JobCommands } from '../../tasks/job-commands.js';
import { formatDuration, formatNumber } from '../kit/format.js';
import { queryHelp } from './query-help.js';
import { firstHref, newerHref, olderHref, toHref, type ListAddress } from './task-list-address.js';
import {
  orderLabel,
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
import { type TaskRow, toTaskRow } from '../kit/task-row.js';

export const PAGE_SIZE = 50;
/** Lag below which the history's delay is not shown, ms. */
const MIN_SHOWN_LAG_MS = 1_000;

/** Parts of the page that do not depend on a valid query. */
export interface ListFrame {
  q: string;
  /** Columns of the address, for links that must preserve them. */
  columnsParam?: string;
  self: string;
  help: ReturnType<typeof queryHelp>;
  saved: { id: string; name: string; q: string; href: string; current: boolean }[];
  choices: ColumnChoice[];
  /** True if a column was just moved: the column choice stays open. */
  arranging: boolean;
  /** True if the query can be saved under a name. */
  savable: boolean;
  /** Address with the default columns. */
  usualHref: string;
}

export interface ListPage extends ListFrame {
  chips: StateChip[];
  selects: FilterSelect[];
  hints: Hint[];
  heads: ColumnHead[];
  /** Columns in order, with `show` for content that depends on another column. */
  columns: readonly TaskColumn[];
  show: Partial<Record<TaskColumn, boolean>>;
  /** Width of the table, by the number of its columns. */
  width: string;
  rows: TaskRow[];
  /** Text such as `1,234 tasks`, `3 match`, `more than 10,000 match`. */
  count: string;
  foot: string;
  notice?: { text: string; behind: boolean };
  /** Offer to act on all matching tasks. */
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
  /** Commands of tasks for which more than their state decides. */
  acts: ReadonlyMap<TaskView, JobCommands>;
  /** Counts of the query without its states; absent if they could not be computed. */
  counts?: GroupCounts;
  /** Counts of all tasks. */
  known?: GroupCounts;
  saved: SearchView[];
  status: RecorderStatus;
  loosen: Loosening[];
  /** Last moved column and the direction of the move. */
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
    ...(here.columns ? { columnsParam: here.columns.join(',') } : {}),
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
  const { here, query, columns, listing, acts, counts, known, saved, status, loosen, moved } = parts;
  const { items, total } = listing;
  const filtered = query.filter !== null;
  const self = toHref(here);
  const words = formatTotal(listing);
  return {
    ...toListFrame(here, columns, saved, moved),
    chips: toChips(query, counts, here),
    selects: toSelects(query, known),
    hints: toHints(query, known, here),
    heads: toColumnHeads(columns, query, here),
    columns,
    show: Object.fromEntries(columns.map((column) => [column, true])),
    width: columns.length > 13 ? 'widest' : columns.length > 10 ? 'wide' : 'usual',
    rows: items.map((task) => toTaskRow(task, self, acts.get(task))),
    count: filtered
      ? `${words} ${total === 1 ? 'matches' : 'match'}`
      : `${words} ${total === 1 ? 'task' : 'tasks'}`,
    foot: `${rangeLabel(items.length, here.page ?? 1)} of ${words}, ${orderLabel(query)}`,
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
    /** Wrong part of the query and the text around it. */
    at?: { before: string; wrong: string; after: string; column: number };
  };
}

/** Builds the page for a query that cannot be parsed. */
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
              // Missing text at the end has no width of its own.
              wrong: frame.q.slice(from, to) || ' ',
              after: frame.q.slice(to),
              column,
            },
          }),
    },
  };
}

/** Formats like `12,345`, or `more than 10,000` if the count stopped there. */
export function formatTotal({ total, totalIsExact }: Pick<TaskListing, 'total' | 'totalIsExact'>): string {
  return totalIsExact ? formatNumber(total) : `more than ${formatNumber(roundDown(total))}`;
}

/** Rounds down: the count stops at 10,001 to report more than 10,000. */
function roundDown(total: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, total))));
  return total <= 1 ? total : Math.floor((total - 1) / step) * step || total - 1;
}

function rangeLabel(shown: number, page: number): string {
  const before = (page - 1) * PAGE_SIZE;
  return shown === 0 ? '0' : `${formatNumber(before + 1)}–${formatNumber(before + shown)}`;
}

function exportHref(q: string, format: 'csv' | 'ndjson'): string {
  return `/api/v1/tasks/export?${new URLSearchParams({ format, ...(q ? { q } : {}) })}`;
}

function toNotice(status: RecorderStatus, lagMs: number | null | undefined): ListPage['notice'] {
  if (status.state === 'away') {
    return {
      text: `${status.error ?? 'Redis does not answer.'} This is what the history knows; new tasks and new states come when Redis is back.`,
      behind: true,
    };
  }
  if (lagMs === undefined) return undefined;
  if (lagMs !== null && lagMs >= MIN_SHOWN_LAG_MS) {
    return {
      text: `The history is ${formatDuration(lagMs)} behind what happens: the newest tasks and states are still missing.`,
      behind: true,
    };
  }
  return status.state === 'stopped'
    ? { text: 'Nothing is being recorded just now: new tasks and new states are missing.', behind: true }
    : undefined;
}
