import type { Query, Sort, SortField } from '../../history/query/query-ast.js';
import { NEWEST_FIRST } from '../../history/query/query-ast.js';
import { printQuery } from '../../history/query/print-query.js';
import { allColumns, type TaskColumn } from '../../search/task-columns.js';
import { withQuery, type ListAddress } from './task-list-address.js';

export interface ColumnHead {
  /** CSS class of its cells. */
  key: TaskColumn;
  label: string;
  num: boolean;
  /** Address that sorts by the column, or reverses the order. */
  href?: string;
  order?: 'ascending' | 'descending';
}

interface Column {
  label: string;
  num?: boolean;
  sort?: SortField;
}

const COLUMNS: Record<TaskColumn, Column> = {
  state: { label: 'State', sort: 'state' },
  type: { label: 'Type', sort: 'type' },
  id: { label: 'Id' },
  input: { label: 'Input' },
  result: { label: 'Result' },
  error: { label: 'Error' },
  queue: { label: 'Queue' },
  worker: { label: 'Worker' },
  attempts: { label: 'Attempts', num: true, sort: 'attempts' },
  priority: { label: 'Priority', num: true },
  tags: { label: 'Tags' },
  waited: { label: 'Waited', num: true, sort: 'wait' },
  ran: { label: 'Ran', num: true, sort: 'run' },
  created: { label: 'Created', num: true, sort: 'created' },
  finished: { label: 'Finished', num: true, sort: 'finished' },
};

/** Names of each order, as shown for a list in this order. */
const ORDERS: Record<SortField, [ascending: string, descending: string]> = {
  created: ['oldest first', 'newest first'],
  finished: ['first finished first', 'last finished first'],
  wait: ['shortest wait first', 'longest wait first'],
  run: ['shortest run first', 'longest run first'],
  attempts: ['fewest attempts first', 'most attempts first'],
  type: ['by type', 'by type, from the end'],
  state: ['by state', 'by state, from the end'],
};

export function toColumnHeads(columns: readonly TaskColumn[], query: Query, here: ListAddress): ColumnHead[] {
  const now = query.sort ?? NEWEST_FIRST;
  return columns.map((key) => {
    const { label, num = false, sort } = COLUMNS[key];
    if (!sort) return { key, label, num };
    const next = toggledSort(sort, now);
    const isUsual = next.field === NEWEST_FIRST.field && next.descending;
    return {
      key,
      label,
      num,
      href: withQuery(here, printQuery({ ...query, sort: isUsual ? null : next })),
      ...(now.field === sort ? { order: now.descending ? 'descending' : 'ascending' } : {}),
    };
  });
}

export function orderLabel(query: Query): string {
  const { field, descending } = query.sort ?? NEWEST_FIRST;
  return ORDERS[field][descending ? 1 : 0];
}

export interface ColumnChoice {
  value: TaskColumn;
  label: string;
  chosen: boolean;
  /** Moves that its buttons offer; absent if the column is not shown. */
  moves?: ColumnMove[];
}

interface ColumnMove {
  /** Value such as `queue:left`. */
  value: string;
  icon: string;
  label: string;
  /** True if the column is already at that end. */
  disabled: boolean;
  /** True if this button gets the focus after a move. */
  focus: boolean;
}

/** @param moved last move, as the value of its button. */
export function toColumnChoices(columns: readonly TaskColumn[], moved?: string): ColumnChoice[] {
  return allColumns(columns).map((value) => {
    const { label } = COLUMNS[value];
    const at = columns.indexOf(value);
    return {
      value,
      label,
      chosen: at >= 0,
      ...(at < 0 ? {} : { moves: toMoves(value, at, columns.length, moved) }),
    };
  });
}

function toMoves(column: TaskColumn, at: number, n: number, moved: string | undefined): ColumnMove[] {
  const [isFirst, isLast] = [at === 0, at === n - 1];
  const [left, right] = [`${column}:left`, `${column}:right`];
  const { label } = COLUMNS[column];
  return [
    {
      value: left,
      icon: 'chevron-up',
      label: `Move ${label} to the left`,
      disabled: isFirst,
      focus: (moved === left && !isFirst) || (moved === right && isLast),
    },
    {
      value: right,
      icon: 'chevron-down',
      label: `Move ${label} to the right`,
      disabled: isLast,
      focus: (moved === right && !isLast) || (moved === left && isFirst),
    },
  ];
}

/**
 * Returns the order after a click: largest first for values, A first for names, and reversed on the next
 * click.
 */
function toggledSort(field: SortField, now: Sort): Sort {
  if (now.field === field) return { field, descending: !now.descending };
  return { field, descending: field !== 'type' && field !== 'state' };
}
