import { finishedOf } from '../../monitoring/stats/stats-view.js';
import type { Durations, Numbers } from '../../monitoring/stats/stats.openapi.js';
import type { NamedNumbers, RangeNumbers } from '../../monitoring/stats/stats.service.js';
import type { Grouping } from '../../monitoring/stats/stats-ranges.js';
import { formatDuration, formatNumber } from '../kit/format.js';
import { failureText, toRecorded } from './range-stats.js';
import { fieldOf, finishedIn, toTasksHref } from './task-query.js';

export interface Column {
  key: SortKey;
  title: string;
  /** Heading above the columns of one kind. */
  href: string;
  /** `aria-sort` of the column that the rows are sorted by. */
  sorted?: 'ascending' | 'descending';
}

export interface Cell {
  label: string;
  text: string;
  href?: string;
  /** Value of the previous period of the same length. */
  before?: string;
  zero: boolean;
  tone?: 'failed';
}

export interface NumbersTable {
  by: Grouping;
  tabs: { label: string; href: string; current: boolean; count: number }[];
  columns: Column[];
  rows: { id: string; name: string; href: string; cells: Cell[] }[];
  /** Number of rows that are not shown. */
  more: number;
  /** True if the previous period is recorded to its full length. */
  hasBefore: boolean;
}

const QUANTILES = ['p50Ms', 'p95Ms', 'p99Ms'] as const;
const MAX_ROWS = 100;

type DurationKey = `${'wait' | 'run'}-${(typeof QUANTILES)[number]}`;
export type SortKey = 'name' | 'finished' | 'failed' | DurationKey;

const KEYS: SortKey[] = [
  'name',
  'finished',
  'failed',
  ...(['wait', 'run'] as const).flatMap((which) => QUANTILES.map((q): SortKey => `${which}-${q}`)),
];
const STANDARD: SortKey = 'finished';
const LABELS: Record<Grouping, string> = { type: 'Task types', queue: 'Queues', worker: 'Workers' };

export function toSortKey(text: string | undefined): SortKey {
  return KEYS.find((key) => key === text) ?? STANDARD;
}

/** Builds one row per task type, queue or worker. */
export function toNumbersTable(
  numbers: RangeNumbers,
  by: Grouping,
  sort: SortKey,
  address: (changes: Record<string, string>) => string,
): NumbersTable {
  const groups = { type: numbers.types, queue: numbers.queues, worker: numbers.workers };
  const { hasBefore } = toRecorded(numbers);
  const named = groups[by].filter(({ now, before }) => finishedOf(now) + finishedOf(before) > 0);
  const sorted = [...named].sort((a, b) => compare(a, b, sort));
  const time = finishedIn(numbers.from, numbers.to);
  return {
    by,
    tabs: (['type', 'queue', 'worker'] as const).map((one) => ({
      label: LABELS[one],
      href: `${address({ by: one })}#table`,
      current: one === by,
      count: groups[one].length,
    })),
    columns: KEYS.map((key) => ({
      key,
      title: titleOf(key, by),
      href: `${address({ by, sort: key })}#table`,
      ...(key === sort ? { sorted: key === 'name' ? ('ascending' as const) : ('descending' as const) } : {}),
    })),
    rows: sorted.slice(0, MAX_ROWS).map((row) => ({
      id: `by-${by}-${row.name}`,
      name: row.name || '(none)',
      href: toTasksHref(fieldOf(by, row.name), time),
      cells: toCells(hasBefore, row, (...terms) => toTasksHref(fieldOf(by, row.name), ...terms, time)),
    })),
    more: Math.max(0, named.length - MAX_ROWS),
    hasBefore,
  };
}

function toCells(
  hasBefore: boolean,
  { now, before }: NamedNumbers,
  href: (...terms: string[]) => string,
): Cell[] {
  const finished = finishedOf(now);
  const rates = [now, before].map(failureText);
  return [
    {
      label: 'finished',
      text: formatNumber(finished),
      href: href(),
      ...(hasBefore ? { before: formatNumber(finishedOf(before)) } : {}),
      zero: finished === 0,
    },
    {
      label: 'failed',
      text: rates[0]!,
      ...(now.failed > 0 ? { href: href('state:failed'), tone: 'failed' as const } : {}),
      ...(rates[1] === '–' ? {} : { before: rates[1]! }),
      zero: now.failed === 0,
    },
    ...(['wait', 'run'] as const).flatMap((which) =>
      QUANTILES.map((q) => durationCell(which, q, now[which], before[which])),
    ),
  ];
}

function durationCell(which: string, q: keyof Durations, now: Durations, before: Durations): Cell {
  const [value, earlier] = [now[q], before[q]];
  return {
    label: `${which} ${q.slice(0, 3)}`,
    text: value === null ? '–' : formatDuration(value),
    ...(earlier === null ? {} : { before: formatDuration(earlier) }),
    zero: value === null,
  };
}

function compare(a: NamedNumbers, b: NamedNumbers, sort: SortKey): number {
  const byName = a.name < b.name ? -1 : 1;
  if (sort === 'name') return byName;
  return rank(b.now, sort) - rank(a.now, sort) || byName;
}

function rank(numbers: Numbers, sort: Exclude<SortKey, 'name'>): number {
  if (sort === 'finished') return finishedOf(numbers);
  if (sort === 'failed') return numbers.failureRate ?? -1;
  const [which, q] = sort.split('-') as ['wait' | 'run', (typeof QUANTILES)[number]];
  return numbers[which][q] ?? -1;
}

function titleOf(key: SortKey, by: Grouping): string {
  if (key === 'name') return { type: 'Task type', queue: 'Queue', worker: 'Worker' }[by];
  if (key === 'finished') return 'Finished';
  if (key === 'failed') return 'Failed';
  const [which, q] = key.split('-');
  return `${which === 'wait' ? 'Wait' : 'Run'} ${q!.slice(0, 3)}`;
}
