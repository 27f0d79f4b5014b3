import { TASK_STATES, type TaskState } from '../../model/states.js';
import type { NameField, Query, QueryNode } from '../../history/query/query-ast.js';
import { printQuery } from '../../history/query/print-query.js';
import type { GroupCounts } from '../../history/ports/history-store.js';
import {
  conjuncts,
  isName,
  isStateChoice,
  nameIn,
  periodIn,
  printNode,
  replaced,
  statesIn,
} from '../../search/query-edit.js';
import { formatNumber } from '../kit/format.js';
import { STATE_ICONS } from '../kit/states.js';
import { withQuery, type ListAddress } from './task-list-address.js';

export interface StateChip {
  state?: TaskState;
  icon?: string;
  label: string;
  /** Count such as `1,234` or `20,000+`; absent if it is not known. */
  count?: string;
  zero: boolean;
  href: string;
  current: boolean;
}

/** @param counts of the query without its states: the number of tasks in each. */
export function toChips(query: Query, counts: GroupCounts | undefined, here: ListAddress): StateChip[] {
  const chosen = statesIn(query);
  const count = (n: number | undefined) =>
    counts === undefined ? undefined : `${formatNumber(n ?? 0)}${counts.isExact ? '' : '+'}`;
  const href = (instead?: QueryNode) => withQuery(here, printQuery(replaced(query, isStateChoice, instead)));
  return [
    {
      label: 'all',
      count: count(counts?.total),
      zero: false,
      href: href(),
      current: chosen.length === 0,
    },
    ...TASK_STATES.map((state) => ({
      state,
      icon: STATE_ICONS[state],
      label: state,
      count: count(counts?.byState[state]),
      zero: counts !== undefined && !counts.byState[state],
      href: href({ kind: 'state', state }),
      current: chosen.includes(state),
    })),
  ];
}

export interface FilterSelect {
  name: string;
  label: string;
  all: string;
  options: { value: string; label: string; selected: boolean }[];
}

const SELECTS: [name: 'type' | 'queue' | 'worker', label: string, all: string, counts: keyof GroupCounts][] =
  [
    ['type', 'Task type', 'any type', 'byType'],
    ['queue', 'Queue', 'any queue', 'byQueue'],
    ['worker', 'Worker', 'any worker', 'byWorker'],
  ];
const PERIODS: [value: string, label: string][] = [
  ['1h', 'last hour'],
  ['24h', 'last 24 hours'],
  ['7d', 'last 7 days'],
  ['30d', 'last 30 days'],
];
/** Maximum number of options in a select. More cannot be searched by eye. */
const MAX_OPTIONS = 100;

/** @param known counts of all tasks. */
export function toSelects(query: Query, known: GroupCounts | undefined): FilterSelect[] {
  const selects = SELECTS.map(([name, label, all, group]): FilterSelect => {
    const chosen = nameIn(query, name);
    const counts = (known?.[group] ?? {}) as Record<string, number>;
    const values = Object.keys(counts)
      .filter((value) => value !== '')
      .sort((a, b) => counts[b]! - counts[a]!)
      .slice(0, MAX_OPTIONS)
      .sort((a, b) => a.localeCompare(b));
    if (chosen !== undefined && !values.includes(chosen)) values.unshift(chosen);
    return {
      name,
      label,
      all,
      options: values.map((value) => ({ value, label: value, selected: value === chosen })),
    };
  });
  const period = periodIn(query);
  // The query language writes 24 hours as `1d`.
  const options = PERIODS.map(([value, label]) => ({ value, label, selected: sameAge(value, period) }));
  if (period !== undefined && !options.some(({ selected }) => selected))
    options.unshift({ value: '', label: `created ${period}`, selected: true });
  return [...selects, { name: 'period', label: 'Created', all: 'any time', options }];
}

function sameAge(value: string, period: string | undefined): boolean {
  return period === value || (value === '24h' && period === '1d');
}

export interface Loosening {
  /** Condition as written in the query. */
  label: string;
  without: string;
  /** Number of matches without the condition. */
  count: string;
}

/** Returns copies of the query, each without one of its conditions. */
export function withoutEachCondition(query: Query): { label: string; query: Query }[] {
  return conjuncts(query.filter).map((node) => ({
    label: printNode(node),
    query: replaced(query, (other) => other === node),
  }));
}

export interface Hint {
  word: string;
  meant: string;
  href: string;
}

/**
 * Finds bare words that are also the name of a state, a type or a queue. They search all fields, which may
 * not be intended.
 */
export function toHints(query: Query, known: GroupCounts | undefined, here: ListAddress): Hint[] {
  const hints: Hint[] = [];
  for (const node of conjuncts(query.filter)) {
    if (node.kind !== 'text' || node.scope !== 'any' || node.prefix) continue;
    const meant = meaningOf(node.text, known);
    if (!meant) continue;
    const href = withQuery(here, printQuery(replaced(query, (other) => other === node, meant)));
    hints.push({ word: node.text, meant: printNode(meant), href });
  }
  return hints;
}

function meaningOf(text: string, known: GroupCounts | undefined): QueryNode | undefined {
  const word = text.toLowerCase();
  const state = TASK_STATES.find((one) => one === word);
  if (state) return { kind: 'state', state };
  const name = (field: NameField, counts: Record<string, number> = {}): QueryNode | undefined => {
    const value = Object.keys(counts).find((one) => one.toLowerCase() === word);
    return value === undefined ? undefined : { kind: 'name', field, text: value, prefix: false };
  };
  return name('type', known?.byType) ?? name('queue', known?.byQueue) ?? name('worker', known?.byWorker);
}

/** Returns the query with the conditions of a link or a select added. */
export function withFilters(query: Query, asked: Query, cleared: readonly string[]): Query {
  let result = query;
  for (const field of ['type', 'queue', 'worker', 'tag'] as const) {
    const wanted = conjuncts(asked.filter).find(isName(field));
    if (wanted || cleared.includes(field)) result = replaced(result, isName(field), wanted);
  }
  const state = conjuncts(asked.filter).find(isStateChoice);
  if (state) result = replaced(result, isStateChoice, state);
  const isTime = (node: QueryNode) => node.kind === 'time' && node.field === 'created';
  const times = conjuncts(asked.filter).filter(isTime);
  if (times.length > 0 || cleared.includes('period')) {
    result = replaced(result, isTime);
    for (const time of times) result = replaced(result, () => false, time);
  }
  return asked.sort ? { ...result, sort: asked.sort } : result;
}
