import type { LoadSample } from '../../workers/worker-record.js';
import { formatBytes, formatNumber, plural } from '../kit/format.js';

/** Small chart of one value over the last two minutes, drawn in a box of 100 by `CHART_HEIGHT`. */
export interface LoadChart {
  id: string;
  label: string;
  value: string;
  unit: string;
  range: string;
  /** Line with a gap where the worker sent nothing. */
  line: string;
  area: string;
  summary: string;
  tone?: 'warning';
}

export const CHART_HEIGHT = 44;
/** Space above the highest point and below the lowest. */
const MARGIN = 3;
const WINDOW_MS = 120_000;
/**
 * Longest interval between samples that is drawn as a line. Workers write once a second, so a longer one is a
 * gap.
 */
const MAX_SAMPLE_GAP_MS = 3_500;
/** Event loop lag above which other tasks of the worker are affected, ms. */
const HIGH_LAG_MS = 100;

interface Shape {
  id: string;
  label: string;
  of: (sample: LoadSample) => number;
  /** Minimum value at the top of the chart, so that a quiet worker draws a flat line. */
  leastTop: number;
  format: (value: number) => { value: string; unit: string };
  late?: (value: number) => boolean;
}

const plain = (unit: string) => (value: number) => ({ value: formatNumber(Number(value.toFixed(1))), unit });

const SHAPES: Shape[] = [
  { id: 'cpu', label: 'CPU', of: ({ cpu }) => cpu, leastTop: 100, format: plain('% of a core') },
  {
    id: 'memory',
    label: 'Memory',
    of: ({ rssMb }) => rssMb * 1e6,
    leastTop: 128e6,
    format: (bytes) => {
      const [value, unit] = formatBytes(bytes).split(' ');
      return { value: value!, unit: unit! };
    },
  },
  {
    id: 'lag',
    label: 'Event loop lag',
    of: ({ lagMs }) => lagMs,
    leastTop: 50,
    format: plain('ms'),
    late: (ms) => ms >= HIGH_LAG_MS,
  },
];

/** Returns the charts of CPU, memory, lag and active tasks; none without samples. */
export function toLoadCharts(samples: LoadSample[], slots: number): LoadChart[] {
  const last = samples.at(-1);
  if (!last) return [];
  const active: Shape = {
    id: 'active',
    label: 'Active tasks',
    of: (sample) => sample.active,
    leastTop: Math.max(1, slots),
    format: plain(slots > 0 ? `of ${plural(slots, 'slot')}` : ''),
  };
  const shown = samples.filter(({ at }) => at > last.at - WINDOW_MS);
  return [...SHAPES, active].map((shape) => toChart(shape, shown));
}

function toChart(shape: Shape, samples: LoadSample[]): LoadChart {
  const values = samples.map(shape.of);
  const last = values.at(-1)!;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const top = Math.max(shape.leastTop, high);
  const end = samples.at(-1)!.at;
  const x = (at: number) => round(100 - ((end - at) / WINDOW_MS) * 100);
  const y = (value: number) => round(CHART_HEIGHT - MARGIN - (value / top) * (CHART_HEIGHT - 2 * MARGIN));
  const runs = toRuns(samples).map((run) => run.map((sample) => `${x(sample.at)} ${y(shape.of(sample))}`));
  const now = shape.format(last);
  const format = (value: number) => shape.format(value).value;
  return {
    id: `chart-${shape.id}`,
    label: shape.label,
    ...now,
    range: low === high ? `steady at ${format(low)}` : `${format(low)} to ${format(high)}`,
    line: runs.map((points) => `M${points.join('L')}`).join(''),
    area: runs.map((points) => toArea(points)).join(''),
    summary: `${shape.label} now ${now.value} ${now.unit}; from ${format(low)} to ${format(high)} over two minutes.`,
    tone: shape.late?.(last) ? 'warning' : undefined,
  };
}

/** Splits the samples at gaps. */
function toRuns(samples: LoadSample[]): LoadSample[][] {
  const runs: LoadSample[][] = [];
  for (const sample of samples) {
    const run = runs.at(-1);
    if (run && sample.at - run.at(-1)!.at <= MAX_SAMPLE_GAP_MS) run.push(sample);
    else runs.push([sample]);
  }
  return runs;
}

function toArea(points: string[]): string {
  const [from, to] = [points[0]!.split(' ')[0], points.at(-1)!.split(' ')[0]];
  return `M${from} ${CHART_HEIGHT}L${points.join('L')}L${to} ${CHART_HEIGHT}Z`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
