import { finishedOf } from '../../monitoring/stats/stats-view.js';
import type { Numbers } from '../../monitoring/stats/stats.openapi.js';
import type { RangeNumbers } from '../../monitoring/stats/stats.service.js';
import { formatDuration, formatNumber, formatPercent, plural } from '../kit/format.js';
import { toSparkline } from '../kit/sparkline.js';
import { type BigNumber, splitUnit } from './monitor-page.js';
import { finishedIn, toTasksHref } from './task-query.js';

/**
 * Maximum number of points in a sparkline: more are only noise at its width. Each point sums several bars.
 */
const MAX_SPARKLINE_POINTS = 24;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Recorded part of a range. Rates divide by its length, so that time before the first record lowers none. */
export interface Recorded {
  /** Null where nothing is recorded. */
  from: number | null;
  ms: number;
  isWhole: boolean;
  /** Formats like `8 min`. */
  span: string;
  /** True if the previous period of the same length is recorded to its full length too. */
  hasBefore: boolean;
}

export function toRecorded({ from, to, recordedFrom, recordedBefore, range }: RangeNumbers): Recorded {
  const ms = recordedFrom === null ? 0 : to - recordedFrom;
  return {
    from: recordedFrom,
    ms,
    isWhole: recordedFrom === from,
    span: formatSpan(ms),
    hasBefore: recordedBefore !== null && recordedBefore <= from - range.barMs * range.bars,
  };
}

/** Returns the four big numbers of a range, each with its value in the previous period if that is recorded. */
export function toRangeStats(numbers: RangeNumbers): BigNumber[] {
  const { total, before, from, to, range, lastMinute } = numbers;
  const time = finishedIn(from, to);
  const recorded = toRecorded(numbers);
  const finished = finishedOf(total);
  const ended = total.completed + total.failed;
  const rate = (count: number, ms: number) => formatRate(count / (ms / MINUTE));
  return [
    {
      id: 'number-throughput',
      label: 'Finished in the last minute',
      value: lastMinute ? formatNumber(finishedOf(lastMinute.numbers)) : '–',
      note:
        recorded.ms < MINUTE
          ? `${plural(finished, 'task')} so far`
          : `${plural(finished, 'task')}, ${rate(finished, recorded.ms)}/min` +
            (recorded.isWhole ? '' : ` over the ${recorded.span} recorded`) +
            (recorded.hasBefore ? `, was ${rate(finishedOf(before), range.barMs * range.bars)}` : ''),
      href: toTasksHref(time),
      spark: sparkOf(numbers, finishedOf, sum),
    },
    {
      id: 'number-failures',
      label: 'Failed of these',
      value: ended === 0 ? '–' : formatPercent(total.failed, ended).replace(' %', ''),
      unit: ended === 0 ? undefined : '%',
      note:
        ended === 0
          ? 'nothing has ended'
          : `${formatNumber(total.failed)} of ${formatNumber(ended)}` +
            (before.failureRate === null ? '' : `, was ${formatPercent(before.failureRate, 1)}`),
      href: toTasksHref('state:failed', time),
      spark: sparkOf(numbers, ({ failed }) => failed, sum),
      tone: total.failed > 0 ? 'failed' : undefined,
    },
    duration('wait', 'Wait p95', numbers, time),
    duration('run', 'Run p95', numbers, time),
  ];
}

function duration(which: 'wait' | 'run', label: string, numbers: RangeNumbers, time: string): BigNumber {
  const { count, p95Ms: now } = numbers.total[which];
  const before = numbers.before[which].p95Ms;
  const since = before !== null ? `was ${formatDuration(before)}` : undefined;
  return {
    id: `number-${which}`,
    label,
    ...(now === null ? { value: '–' } : splitUnit(formatDuration(now))),
    note: since ?? (toRecorded(numbers).hasBefore ? 'nothing ran before' : `of ${plural(count, 'task')}`),
    href: toTasksHref(time, `sort:-${which}`),
    spark: sparkOf(
      numbers,
      (bar) => bar[which].p95Ms ?? 0,
      (values) => Math.max(0, ...values),
    ),
  };
}

/** Formats like `1,204`, `12.3`, `0.04`, with the significant digits only. */
export function formatRate(perMinute: number): string {
  const digits = perMinute >= 100 ? 0 : perMinute >= 1 || perMinute === 0 ? 1 : 2;
  return formatNumber(Number(perMinute.toFixed(digits)));
}

/** Formats like `8 min`, `5 h`, `12 d`: a rough length of time. */
export function formatSpan(ms: number): string {
  if (ms < 100 * MINUTE) return `${Math.round(ms / MINUTE)} min`;
  return ms < 48 * HOUR ? `${Math.round(ms / HOUR)} h` : `${Math.round(ms / (24 * HOUR))} d`;
}

/** Draws the recorded bars that have ended: the one in progress would always look like a drop. */
function sparkOf(
  { bars, range, to, recordedFrom }: RangeNumbers,
  valueOf: (bar: Numbers) => number,
  join: (values: number[]) => number,
): string | undefined {
  const values = bars
    .filter(({ at }) => recordedFrom !== null && at + range.barMs > recordedFrom && at + range.barMs <= to)
    .map(valueOf);
  if (values.length < 2 || values.every((value) => value === 0)) return undefined;
  const size = Math.ceil(values.length / MAX_SPARKLINE_POINTS);
  const points: number[] = [];
  // Groups are counted from the end. The rest at the start is left out: as a shorter group it would look like a drop.
  for (let end = values.length; end >= size; end -= size) points.unshift(join(values.slice(end - size, end)));
  return toSparkline(points);
}

function sum(values: number[]): number {
  return values.reduce((total, one) => total + one, 0);
}

export function failureText({ failureRate, failed }: Numbers): string {
  if (failureRate === null) return '–';
  return failed === 0 ? '0 %' : formatPercent(failureRate, 1);
}
