import { Histogram } from '../../history/histogram.js';
import type { DurationSummary, NumberSpan } from '../../history/ports/stats-store.js';
import type { Durations, Numbers } from './stats.openapi.js';

export const NO_NUMBERS: Numbers = toNumbers(undefined);

export function toNumbers(span: Omit<NumberSpan, 'at'> | undefined): Numbers {
  const { added = 0, completed = 0, failed = 0, cancelled = 0, expired = 0, retried = 0 } = span ?? {};
  const ended = completed + failed;
  return {
    added,
    completed,
    failed,
    cancelled,
    expired,
    retried,
    failureRate: ended === 0 ? null : failed / ended,
    wait: toDurations(span?.wait),
    run: toDurations(span?.run),
  };
}

/** Returns the number of tasks finished in any state, for the bars of the charts. */
export function finishedOf({ completed, failed, cancelled, expired }: Numbers): number {
  return completed + failed + cancelled + expired;
}

/** Sums spans of different names over the same period. */
export function addUp(spans: readonly NumberSpan[]): Numbers {
  const [wait, run] = [new Histogram(), new Histogram()];
  const sums = { added: 0, completed: 0, failed: 0, cancelled: 0, expired: 0, retried: 0 };
  const sumMs = { wait: 0, run: 0 };
  for (const span of spans) {
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += span[name];
    wait.mergeEncoded(span.wait.histogram);
    run.mergeEncoded(span.run.histogram);
    sumMs.wait += span.wait.sumMs;
    sumMs.run += span.run.sumMs;
  }
  return toNumbers({ ...sums, wait: summary(wait, sumMs.wait), run: summary(run, sumMs.run) });
}

function summary(histogram: Histogram, sumMs: number): DurationSummary {
  return {
    count: histogram.count,
    sumMs,
    p50: histogram.quantile(0.5),
    p95: histogram.quantile(0.95),
    p99: histogram.quantile(0.99),
    histogram: new Uint8Array(),
  };
}

function toDurations({ count, sumMs, p50, p95, p99 }: Partial<DurationSummary> = {}): Durations {
  return {
    count: count ?? 0,
    meanMs: count ? Math.round(sumMs! / count) : null,
    p50Ms: rounded(p50),
    p95Ms: rounded(p95),
    p99Ms: rounded(p99),
  };
}

function rounded(ms: number | null | undefined): number | null {
  return ms == null ? null : Math.round(ms);
}
