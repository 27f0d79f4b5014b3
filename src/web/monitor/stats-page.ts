import type { ErrorGroup } from '../../history/ports/error-group-store.js';
import { RANGE_NAMES, RANGES } from '../../monitoring/stats/stats-ranges.js';
import type { Behind, NamedNumbers, RangeNumbers } from '../../monitoring/stats/stats.service.js';
import type { Grouping } from '../../monitoring/stats/stats-ranges.js';
import { formatDuration, formatNumber, plural } from '../kit/format.js';
import { type Capacity, toCapacity } from './capacity.js';
import { type Finding, type HealthFacts, toFindings } from './findings.js';
import { type HealthSentence, toHealthSentence } from './health-sentence.js';
import { type BigNumber, type NowPanels, toNowNumbers, toNowPanels } from './monitor-page.js';
import { toSparkline } from '../kit/sparkline.js';
import { type NumbersTable, type SortKey, toNumbersTable } from './numbers-table.js';
import { type BarChart, type LineChart, toBarChart, toLineChart } from '../kit/range-charts.js';
import { failureText, toRangeStats, toRecorded } from './range-stats.js';
import { fieldOf, finishedIn, toTasksHref } from './task-query.js';

export interface StatsPage {
  health: HealthSentence;
  findings: Finding[];
  /** Absent if Redis does not answer. */
  capacity?: Capacity;
  ranges: { label: string; href: string; current: boolean; title?: string }[];
  /** Time shown, and what it is compared with. */
  span: string;
  numbers: BigNumber[];
  finished: { chart: BarChart; per: string; legend: { state: string; count: number; href: string }[] };
  durations: { id: string; title: string; chart: LineChart }[];
  failing: FailingRow[];
  failingHref: string;
  slowest: TypeRow[];
  worst: TypeRow[];
  table: NumbersTable;
  /** Current state; absent if Redis does not answer. */
  now?: NowPanels;
  notice?: { icon: string; text: string };
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
}

const STATES = ['completed', 'failed', 'cancelled', 'expired'] as const;
const TOP_TYPES = 5;

export function toStatsPage(numbers: RangeNumbers, facts: HealthFacts, query: StatsPageQuery): StatsPage {
  const { present: now, behind } = facts;
  const findings = toFindings(facts);
  const { range, bars, from, to, total, versions } = numbers;
  const time = finishedIn(from, to);
  const address = (changes: Record<string, string>) => toMonitorHref({ ...query, ...changes });
  const frame = (...terms: string[]) => ({
    versions,
    recordedFrom: numbers.recordedFrom,
    now: to,
    barMs: range.barMs,
    bars: bars.map(({ at }) => ({
      at,
      to: at + range.barMs,
      href: toTasksHref(finishedIn(at, at + range.barMs), ...terms),
    })),
  });
  const counts = bars.map((bar) => Object.fromEntries(STATES.map((state) => [state, bar[state]])));
  const chart = toBarChart(frame(), counts, { plotHeight: 214, per: range.bar });
  chart.summary =
    `Finished per ${range.bar} in the last ${range.label}: ` +
    STATES.map((state) => `${formatNumber(total[state])} ${state}`).join(', ');
  return {
    health: toHealthSentence(facts, findings),
    findings,
    ...(now ? { capacity: toCapacity(now, facts.outlooks) } : {}),
    ranges: PAGE_RANGES.map((name) => ({
      label: name === 'auto' ? 'Auto' : RANGES[name].label,
      href: address({ range: name }),
      current: name === query.range,
      ...(name === 'auto' ? { title: 'Everything since the first record' } : {}),
    })),
    rangeLabel: range.label,
    span: spanText(numbers),
    numbers: [...toRangeStats(numbers), ...toNowNumbers(now)],
    finished: {
      chart,
      per: range.bar,
      legend: STATES.filter((state) => total[state] > 0 || state === 'completed' || state === 'failed').map(
        (state) => ({ state, count: total[state], href: toTasksHref(`state:${state}`, time) }),
      ),
    },
    durations: (['wait', 'run'] as const).map((which) => {
      const series = (['p50', 'p95', 'p99'] as const).map((name) => ({
        name,
        values: bars.map((bar) => bar[which][`${name}Ms`]),
      }));
      const lines = toLineChart(frame(`sort:-${which}`), series, { plotHeight: 82 });
      const quantiles = (['p50Ms', 'p95Ms', 'p99Ms'] as const).map((q) => {
        const ms = total[which][q];
        return `${q.slice(0, 3)} ${ms === null ? 'none' : formatDuration(ms)}`;
      });
      lines.summary = `How long tasks ${which === 'wait' ? 'waited' : 'ran'} in the last ${range.label}: ${quantiles.join(', ')}`;
      return { id: `chart-${which}`, title: which === 'wait' ? 'Wait' : 'Run', chart: lines };
    }),
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
    notice: toNotice(behind, now === undefined),
  };
}

/** Returns the address of the page, without default values. */
export function toMonitorHref({ range, by, sort }: Partial<Record<keyof StatsPageQuery, string>>): string {
  const params = new URLSearchParams();
  if (range && range !== '1h') params.set('range', range);
  if (by && by !== 'type') params.set('by', by);
  if (sort && sort !== 'finished') params.set('sort', sort);
  const text = params.toString();
  return `/monitor${text && `?${text}`}`;
}

function spanText(numbers: RangeNumbers): string {
  const { label } = numbers.range;
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

function toNotice(behind: Behind | undefined, redisAway: boolean): StatsPage['notice'] {
  if (redisAway || behind?.state === 'away') {
    return {
      icon: 'unplug',
      text: `${behind?.error ?? 'Redis does not answer.'} What is below comes from the history and ends where Redis went; queues and workers come back by themselves.`,
    };
  }
  if (!behind) return undefined;
  if (behind.state === 'stopped')
    return { icon: 'triangle-alert', text: 'Nothing is being recorded: the numbers below do not go on.' };
  return {
    icon: 'hourglass',
    text: `The history is ${formatDuration(behind.lagMs ?? 0)} behind: what finished since then is not in these numbers yet.`,
  };
}
