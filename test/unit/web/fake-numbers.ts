import { Histogram } from '../../../src/history/histogram.js';
import type { ErrorGroup } from '../../../src/history/ports/error-group-store.js';
import type { NumberSpan } from '../../../src/history/ports/stats-store.js';
import {
  toErrorGroupDetailView,
  toErrorGroupView,
} from '../../../src/monitoring/error-groups/error-group-views.js';
import type { ErrorAct } from '../../../src/monitoring/error-groups/error-states.js';
import { RANGES, type RangeName, windowOf } from '../../../src/monitoring/stats/stats-ranges.js';
import { toNumbers } from '../../../src/monitoring/stats/stats-view.js';
import type { Behind, RangeNumbers } from '../../../src/monitoring/stats/stats.service.js';

export function sampleSpan(
  parts: Partial<NumberSpan> = {},
  durations: number[] = [100, 200, 900],
): NumberSpan {
  const histogram = new Histogram();
  for (const ms of durations) histogram.add(ms);
  const summary = {
    count: histogram.count,
    sumMs: durations.reduce((sum, ms) => sum + ms, 0),
    p50: histogram.quantile(0.5),
    p95: histogram.quantile(0.95),
    p99: histogram.quantile(0.99),
    histogram: histogram.encode(),
  };
  const counts = { added: 3, completed: 2, failed: 1, cancelled: 0, expired: 0, retried: 0 };
  return { at: 0, ...counts, wait: summary, run: summary, ...parts };
}

export function sampleGroup(text: string, parts: Partial<ErrorGroup> = {}): ErrorGroup {
  return {
    fingerprint: '0123456789abcdef',
    type: text,
    name: text,
    message: `${text} <n>`,
    sample: text,
    frame: text,
    count: 4,
    recent: 2,
    firstSeenAt: Date.now() - 86_400_000,
    lastSeenAt: Date.now() - 1_000,
    state: 'regressed',
    note: text,
    by: text,
    changedAt: Date.now() - 60_000,
    regressedAt: Date.now() - 30_000,
    trend: Array<number>(24).fill(1),
    ...parts,
  };
}

/** A range in which each bar is alike, and every name is `text`. */
export function sampleRange(name: RangeName, text: string, now = Date.now()): RangeNumbers {
  const range = RANGES[name];
  const window = windowOf(range, now);
  const named = [{ name: text, now: toNumbers(sampleSpan()), before: toNumbers(sampleSpan({ failed: 0 })) }];
  return {
    range,
    ...window,
    bars: Array.from({ length: range.bars }, (_, i) => ({
      at: window.from + i * range.barMs,
      ...toNumbers(sampleSpan()),
    })),
    total: toNumbers(sampleSpan()),
    before: toNumbers(sampleSpan()),
    recordedFrom: window.from,
    recordedBefore: window.from - range.barMs * range.bars,
    lastMinute: { at: now - 90_000, numbers: toNumbers(sampleSpan()) },
    types: named,
    queues: named,
    workers: named,
    versions: [{ version: text, firstSeenAt: now - 2 * range.barMs }],
    failing: [sampleGroup(text)],
  };
}

export class FakeNumbers {
  /** Time of the first record. */
  first: number | null = 0;
  late: Behind | undefined = { state: 'catching-up', lagMs: 65_000 };

  constructor(private readonly text: string) {}

  async range(name: RangeName): Promise<RangeNumbers> {
    return sampleRange(name, this.text);
  }

  async between(): Promise<RangeNumbers> {
    return sampleRange('15m', this.text);
  }

  async firstAt(): Promise<number | null> {
    return this.first;
  }

  behind(): Behind | undefined {
    return this.late;
  }
}

export class FakeErrors {
  readonly marks: unknown[][] = [];

  constructor(private readonly text: string) {}

  async list() {
    const byState = { open: 0, regressed: 1, resolved: 0, ignored: 0 };
    return { items: [toErrorGroupView(sampleGroup(this.text))], total: 1, byState };
  }

  async inspect() {
    const { text } = this;
    const at = Date.now() - 3_600_000;
    const detail = {
      ...sampleGroup(text),
      workers: [{ worker: text, count: 4, lastSeenAt: at }],
      versions: [{ version: text, count: 4, firstSeenAt: at, lastSeenAt: at }],
      hours: [{ at, count: 4 }],
    };
    const group = toErrorGroupDetailView(detail, { total: 3, isExact: true }, []);
    return {
      group,
      failure: { name: text, message: text, stack: text, code: text, cause: { name: text, message: text } },
      versions: [{ version: text, firstSeenAt: at }],
    };
  }

  async mark(fingerprint: string, act: ErrorAct, said: object): Promise<void> {
    this.marks.push([fingerprint, act, said]);
  }
}
