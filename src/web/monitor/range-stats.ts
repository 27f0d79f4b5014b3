import { finishedOf } from '../../monitoring/stats/stats-view.js';
import type { Numbers } from '../../monitoring/stats/stats.openapi.js';
import type { RangeNumbers } from '../../monitoring/stats/stats.service.js';
import { formatDuration, formatNumber, formatPercent, plural } from '../kit/format.js';
import { inGroups, toSparkline } from '../kit/minute-chart.js';
import { type BigNumber, splitUnit } from './monitor-page.js';
import { finishedIn, toTasksHref } from './task-query.js';

/**
 * Maximum number of points in a sparkline: more are only noise at its width. Each point sums several bars.
 */
const MAX_SPARKLINE_POINTS = 24;

/** Returns the four big numbers of a range, each with its value in the previous period. */
export function toRangeStats(numbers: RangeNumbers): BigNumber[] {
  const { total, before, bars, from, to } = numbers;
  const time = finishedIn(from, to);
  const minutes = Math.max(1, (to - from) / 60_000);
  const finished = finishedOf(total);
  const earlier = finishedOf(before);
  const ended = total.completed + total.failed;
  return [
    {
      id: 'number-throughput',
      label: 'Finished per minute',
      value: formatRate(finished / minutes),
      note: `${plural(finished, 'task')}${formatChange(finished, earlier, formatNumber)}`,
      href: toTasksHref(time),
      spark: sparkOf(bars.map(finishedOf), sum),
    },
    {
      id: 'number-failures',
      label: 'Failed of these',
      value: ended === 0 ? '–' : formatPercent(total.failed, ended).replace(' %', ''),
      unit: ended === 0 ? undefined : '%',
      note: `${plural(total.failed, 'task')}${before.failureRate === null ? '' : `, was ${formatPercent(before.failureRate, 1)}`}`,
      href: toTasksHref('state:failed', time),
      spark: sparkOf(
        bars.map(({ failed }) => failed),
        sum,
      ),
      tone: total.failed > 0 ? 'failed' : undefined,
    },
    duration('wait', 'Wait p95', numbers, time),
    duration('run', 'Run p95', numbers, time),
  ];
}

function duration(which: 'wait' | 'run', label: string, numbers: RangeNumbers, time: string): BigNumber {
  const now = numbers.total[which].p95Ms;
  const before = numbers.before[which].p95Ms;
  return {
    id: `number-${which}`,
    label,
    ...(now === null ? { value: '–' } : splitUnit(formatDuration(now))),
    note: before === null ? 'nothing ran before' : `was ${formatDuration(before)}`,
    href: toTasksHref(time, `sort:-${which}`),
    spark: sparkOf(
      numbers.bars.map((bar) => bar[which].p95Ms ?? 0),
      (values) => Math.max(0, ...values),
    ),
  };
}

/** Formats like `, was 1,204`; empty if there was nothing before. */
function formatChange(now: number, before: number, format: (value: number) => string): string {
  if (before === 0) return now === 0 ? '' : ', none before';
  return `, was ${format(before)}`;
}

/** Formats like `1,204`, `12.3`, `0.04`, with the significant digits only. */
export function formatRate(perMinute: number): string {
  const digits = perMinute >= 100 ? 0 : perMinute >= 1 || perMinute === 0 ? 1 : 2;
  return formatNumber(Number(perMinute.toFixed(digits)));
}

function sparkOf(values: number[], join: (values: number[]) => number): string | undefined {
  if (values.every((value) => value === 0)) return undefined;
  const size = Math.max(1, Math.ceil(values.length / MAX_SPARKLINE_POINTS));
  const points: number[] = [];
  for (let i = 0; i < values.length; i += size) points.push(join(values.slice(i, i + size)));
  return toSparkline(points);
}

function sum(values: number[]): number {
  return inGroups(values, values.length)[0] ?? 0;
}

export function failureText({ failureRate, failed }: Numbers): string {
  if (failureRate === null) return '–';
  return failed === 0 ? '0 %' : formatPercent(failureRate, 1);
}
