import { finishedOf } from '../../monitoring/stats/stats-view.js';
import type { RangeNumbers } from '../../monitoring/stats/stats.service.js';
import { type ChartEvent, type Frame, isRecorded, niceTop } from '../kit/chart-axis.js';
import { formatDuration, formatNumber, plural } from '../kit/format.js';
import { type BarChart, type LineChart, toBarChart, toLineChart } from '../kit/range-charts.js';
import type { HealthFacts } from './findings.js';
import { lostWorkers, type ShownNow } from './monitor-page.js';
import { finishedIn, toTasksHref } from './task-query.js';

/** Charts of the overview. They share one time axis, so that one crosshair fits all of them. */
export interface TimeCharts {
  finished: {
    chart: BarChart;
    per: string;
    legend: { state: string; count: number; href: string }[];
    added: number;
  };
  lines: { id: string; title: string; chart: LineChart }[];
}

const STATES = ['completed', 'failed', 'cancelled', 'expired'] as const;
const OPEN = ['waiting', 'delayed', 'waiting-children', 'active'] as const;
const QUANTILES = ['p50', 'p95', 'p99'] as const;

export function toTimeCharts(numbers: RangeNumbers, facts: HealthFacts): TimeCharts {
  const { range, bars, from, to, total } = numbers;
  const time = finishedIn(from, to);
  const events = toEvents(facts);
  const frame = (...terms: string[]): Frame => ({
    versions: numbers.versions,
    events,
    recordedFrom: numbers.recordedFrom,
    now: to,
    barMs: range.barMs,
    bars: bars.map(({ at }) => ({
      at,
      to: at + range.barMs,
      href: toTasksHref(finishedIn(at, at + range.barMs), ...terms),
    })),
  });
  const whole = frame();
  const counts = bars.map((bar) => Object.fromEntries(STATES.map((state) => [state, bar[state]])));
  const chart = toBarChart(whole, counts, {
    plotHeight: 150,
    per: range.bar,
    line: {
      name: 'came in',
      values: whole.bars.map((bar, i) => (isRecorded(whole, bar) ? bars[i]!.added : null)),
    },
  });
  chart.summary =
    `Finished per ${range.bar} in the ${spanName(range)}: ` +
    STATES.map((state) => `${formatNumber(total[state])} ${state}`).join(', ') +
    `; ${formatNumber(total.added)} came in`;
  return {
    finished: {
      chart,
      per: range.bar,
      added: total.added,
      legend: STATES.filter((state) => total[state] > 0 || state === 'completed' || state === 'failed').map(
        (state) => ({ state, count: total[state], href: toTasksHref(`state:${state}`, time) }),
      ),
    },
    lines: [
      ...toBacklog(numbers, facts.present, whole),
      ...(['wait', 'run'] as const).map((which) => {
        const series = QUANTILES.map((name) => ({
          name,
          values: bars.map((bar) => bar[which][`${name}Ms`]),
        }));
        const lines = toLineChart(frame(`sort:-${which}`), series, { plotHeight: 70 });
        const quantiles = QUANTILES.map((q) => {
          const ms = total[which][`${q}Ms`];
          return `${q} ${ms === null ? 'none' : formatDuration(ms)}`;
        });
        lines.summary = `How long tasks ${which === 'wait' ? 'waited' : 'ran'} in the ${spanName(range)}: ${quantiles.join(', ')}`;
        return { id: `chart-${which}`, title: which === 'wait' ? 'Wait' : 'Run', chart: lines };
      }),
    ],
  };
}

/**
 * Returns the unfinished tasks at the end of each bar, computed back from their present number with what came in and
 * what ended. Empty if the range does not end now, or their present number is not known.
 */
function toBacklog(
  { bars, range, recordedFrom }: RangeNumbers,
  present: ShownNow | undefined,
  frame: Frame,
): TimeCharts['lines'] {
  if (!present || range.name === 'zoom' || recordedFrom === null) return [];
  let open = [...present.queues, ...present.otherQueues].reduce(
    (sum, { counts }) => sum + OPEN.reduce((all, state) => all + counts[state], 0),
    0,
  );
  const values: (number | null)[] = [];
  for (const bar of [...bars].reverse()) {
    values.unshift(bar.at + range.barMs > recordedFrom ? open : null);
    open = Math.max(0, open - bar.added + finishedOf(bar));
  }
  const chart = toLineChart(frame, [{ name: 'p50', values }], {
    ...{ plotHeight: 50, nice: niceTop },
    format: (value) => formatNumber(value),
  });
  chart.summary = `Unfinished tasks: ${plural(values.at(-1) ?? 0, 'task')} now, ${formatNumber(Math.max(0, ...values.map((value) => value ?? 0)))} at most`;
  return [{ id: 'chart-backlog', title: 'Unfinished tasks', chart }];
}

function toEvents({ present, outlooks }: HealthFacts): ChartEvent[] {
  const pauses = outlooks.flatMap(({ queue, pauses: times }) =>
    times.map((at): ChartEvent => ({ kind: 'pause', at, label: 'pause', title: `${queue} paused` })),
  );
  const losses = present
    ? lostWorkers(present).map(({ name, lastSeenAt }): ChartEvent => {
        return { kind: 'lost', at: Date.parse(lastSeenAt), label: 'lost', title: `Worker ${name} last seen` };
      })
    : [];
  return [...pauses, ...losses];
}

function spanName({ name, label }: RangeNumbers['range']): string {
  return name === 'zoom' ? label : `last ${label}`;
}
