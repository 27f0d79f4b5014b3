import type { ErrorGroup } from '../../history/ports/error-group-store.js';
import { RANGE_NAMES, RANGES, type Window } from '../../monitoring/stats/stats-ranges.js';
import type { NamedNumbers, RangeNumbers } from '../../monitoring/stats/stats.service.js';
import type { Grouping } from '../../monitoring/stats/stats-ranges.js';
import { formatDuration, formatExact, plural } from '../kit/format.js';
import { type Capacity, toCapacity } from './capacity.js';
import { type Finding, type HealthFacts, toFindings } from './findings.js';
import { type HealthSentence, toHealthSentence } from './health-sentence.js';
import { type BigNumber, type NowPanels, toNowNumbers, toNowPanels } from './monitor-page.js';
import { toSparkline } from '../kit/sparkline.js';
import { type NumbersTable, type SortKey, toNumbersTable } from './numbers-table.js';
import { failureText, toRangeStats, toRecorded } from './range-stats.js';
import { fieldOf, finishedIn, toMinute, toTasksHref } from './task-query.js';
import { type TimeCharts, toTimeCharts } from './time-charts.js';

export interface StatsPage {
  health: HealthSentence;
  findings: Finding[];
  /** Absent if Redis does not answer. */
  capacity?: Capacity;
  ranges: { label: string; href: string; current: boolean; title?: string }[];
  /** Time shown, and what it is compared with. */
  span: string;
  numbers: BigNumber[];
  charts: TimeCharts;
  /** Address without the chosen time; absent for a range by name. */
  zoomedOut?: string;
  failing: FailingRow[];
  failingHref: string;
  slowest: TypeRow[];
  worst: TypeRow[];
  table: NumbersTable;
  /** Current state; absent if Redis does not answer. */
  now?: NowPanels;
  rangeLabel: string;
}

export interface FailingRow {
  id: string;
  href: string;
  title: string;
  message: string;
  type: string;
  count: number;
  spark: string;
  regressed: boolean;
}

export interface TypeRow {
  name: string;
  href: string;
  value: string;
  note: string;
  was?: string;
}

/** Ranges of the page. `auto` begins at the first record. */
export const PAGE_RANGES = ['auto', ...RANGE_NAMES] as const;
export type PageRange = (typeof PAGE_RANGES)[number];

export interface StatsPageQuery {
  range: PageRange;
  by: Grouping;
  sort: SortKey;
  /** Time chosen by a zoom, ms; replaces the range. */
  window?: Window;
}

const TOP_TYPES = 5;

export function toStatsPage(numbers: RangeNumbers, facts: HealthFacts, query: StatsPageQuery): StatsPage {
  const { present: now } = facts;
  const findings = toFindings(facts);
  const { range, from, to } = numbers;
  const time = finishedIn(from, to);
  const { window, ...named } = query;
  const shown = window ? { from: toMinute(window.from), to: toMinute(window.to) } : {};
  const address = (changes: Record<string, string>) => toMonitorHref({ ...named, ...shown, ...changes });
  return {
    health: toHealthSentence(facts, findings),
    findings,
    ...(now ? { capacity: toCapacity(now, facts.outlooks) } : {}),
    ranges: PAGE_RANGES.map((name) => ({
      label: name === 'auto' ? 'Auto' : RANGES[name].label,
      href: address({ range: name, from: '', to: '' }),
      current: !window && name === query.range,
      ...(name === 'auto' ? { title: 'Everything since the first record' } : {}),
    })),
    rangeLabel: range.label,
    span: spanText(numbers),
    numbers: [...toRangeStats(numbers), ...toNowNumbers(now)],
    charts: toTimeCharts(numbers, facts),
    ...(window ? { zoomedOut: address({ from: '', to: '' }) } : {}),
    failing: numbers.failing.map(toFailingRow),
    failingHref: '/monitor/errors',
    slowest: topTypes(numbers.types, ({ now: one }) => one.run.p95Ms ?? -1).map((type) => ({
      name: type.name,
      href: toTasksHref(fieldOf('type', type.name), time, 'sort:-run'),
      value: formatDuration(type.now.run.p95Ms ?? 0),
      note: plural(type.now.run.count, 'run'),
      ...(type.before.run.p95Ms === null ? {} : { was: formatDuration(type.before.run.p95Ms) }),
    })),
    worst: topTypes(numbers.types, ({ now: one }) => one.failed || -1).map((type) => ({
      name: type.name,
      href: toTasksHref(fieldOf('type', type.name), 'state:failed', time),
      value: failureText(type.now),
      note: plural(type.now.failed, 'task'),
      ...(type.before.failureRate === null ? {} : { was: failureText(type.before) }),
    })),
    table: toNumbersTable(numbers, query.by, query.sort, address),
    ...(now ? { now: toNowPanels(now) } : {}),
  };
}

/** Returns the address of the page, without default values. */
export function toMonitorHref({
  range,
  by,
  sort,
  from,
  to,
}: Partial<Record<'range' | 'by' | 'sort' | 'from' | 'to', string>>): string {
  const params = new URLSearchParams();
  if (range && range !== '1h') params.set('range', range);
  if (by && by !== 'type') params.set('by', by);
  if (sort && sort !== 'finished') params.set('sort', sort);
  if (from && to) {
    params.set('from', from);
    params.set('to', to);
  }
  const text = params.toString();
  return `/${text && `?${text}`}`;
}

function spanText(numbers: RangeNumbers): string {
  const { label, name } = numbers.range;
  if (name === 'zoom')
    return `${formatExact(numbers.from).slice(0, 16)} to ${formatExact(numbers.to).slice(0, 16)} UTC`;
  const { from, isWhole, hasBefore, span } = toRecorded(numbers);
  if (from === null) return `last ${label}: nothing is recorded yet`;
  if (!isWhole) return `last ${label}, of which ${span} ${span === '1 min' ? 'is' : 'are'} recorded`;
  return `last ${label}${hasBefore ? `, compared with the ${label} before` : ''}`;
}

function topTypes(types: NamedNumbers[], rank: (type: NamedNumbers) => number): NamedNumbers[] {
  return types
    .filter((type) => rank(type) >= 0)
    .sort((a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : 1))
    .slice(0, TOP_TYPES);
}

function toFailingRow(group: ErrorGroup): FailingRow {
  return {
    id: `failing-${group.fingerprint}`,
    href: `/monitor/errors/${group.fingerprint}`,
    title: group.name,
    message: group.message || group.sample,
    type: group.type,
    count: group.recent,
    spark: toSparkline(group.trend),
    regressed: group.state === 'regressed',
  };
}
