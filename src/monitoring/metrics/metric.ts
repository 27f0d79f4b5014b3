import type { Histogram } from '../../history/histogram.js';

export type Labels = Record<string, string>;

/** One line of the exposition format. */
export interface Sample {
  value: number;
  labels: Labels;
  /** Set where it differs from the metric's name, for the parts of a histogram. */
  metricName?: string;
}

/** A Prometheus metric, computed from a snapshot. */
export interface Metric<From> {
  name: string;
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  labels: readonly string[];
  read: (from: From) => Sample[];
}

/** Upper bounds of the histogram buckets, seconds; up to one hour. */
export const BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600,
] as const;

/** Converts durations in ms to the cumulative buckets, the sum and the count of a histogram in seconds. */
export function histogramSamples(
  name: string,
  labels: Labels,
  durations: Histogram,
  sumMs: number,
): Sample[] {
  const buckets = BUCKETS.map((bound) => ({
    metricName: `${name}_bucket`,
    labels: { ...labels, le: String(bound) },
    value: durations.countUpTo(bound * 1000),
  }));
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: durations.count },
    { metricName: `${name}_sum`, labels, value: sumMs / 1000 },
    { metricName: `${name}_count`, labels, value: durations.count },
  ];
}

export function one(value: number, labels: Labels = {}): Sample[] {
  return Number.isFinite(value) ? [{ value, labels }] : [];
}
