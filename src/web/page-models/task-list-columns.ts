import type { Query, Sort, SortField } from '../../history/query/query-ast.js';
import { NEWEST_FIRST } from '../../history/query/query-ast.js';
import { printQuery } from '../../history/query/print-query.js';
import { TASK_COLUMNS, type TaskColumn } from '../../search/task-columns.js';
import { withQuery, type ListAddress } from './task-list-address.js';

export interface ColumnHead {
  /** Class of its cells. */
  key: TaskColumn;
  label: string;
  num: boolean;
  /** Sorts by it, or turns the order round. */
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

/** By which words a list is known that stands in this order. */
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
    const next = turned(sort, now);
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

export function orderWords(query: Query): string {
  const { field, descending } = query.sort ?? NEWEST_FIRST;
  return ORDERS[field][descending ? 1 : 0];
}

export interface ColumnChoice {
  value: TaskColumn;
  label: string;
  chosen: boolean;
}

export function toColumnChoices(columns: readonly TaskColumn[]): ColumnChoice[] {
  return TASK_COLUMNS.map((value) => ({
    value,
    label: COLUMNS[value].label,
    chosen: columns.includes(value),
  }));
}

/** What is greatest comes first at the first click; names begin with A. */
function turned(field: SortField, now: Sort): Sort {
  if (now.field === field) return { field, descending: !now.descending };
  return { field, descending: field !== 'type' && field !== 'state' };
}
