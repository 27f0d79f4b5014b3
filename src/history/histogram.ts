/**
 * Counts durations in buckets that grow by a fixed factor. Histograms of any two minutes, types or workers therefore
 * add up to the exact histogram of both, and a quantile is within 2 % of the true value (the scheme of DDSketch:
 * https://arxiv.org/abs/1908.10693, with the factor fixed and no buckets collapsed).
 */
export const RELATIVE_ERROR = 0.02;

const FACTOR = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_FACTOR = Math.log(FACTOR);
/** Ten years in ms; longer durations are clamped to this. */
const MAX_MS = 3.2e11;

type Encoded = Uint8Array | ArrayBuffer | null | undefined;

export class Histogram {
  private readonly buckets = new Map<number, number>();
  private total = 0;

  /** Number of values. */
  get count(): number {
    return this.total;
  }

  /** `ms` below one, negative or NaN counts as zero. */
  add(ms: number, times = 1): void {
    const index = bucketOf(ms);
    this.buckets.set(index, (this.buckets.get(index) ?? 0) + times);
    this.total += times;
  }

  merge(other: Histogram): void {
    for (const [index, count] of other.buckets)
      this.buckets.set(index, (this.buckets.get(index) ?? 0) + count);
    this.total += other.total;
  }

  /** The value in ms below which a share `q` (0-1) of all values lies; `null` without values. */
  quantile(q: number): number | null {
    if (this.total === 0) return null;
    const rank = Math.min(this.total - 1, Math.max(0, Math.ceil(q * this.total) - 1));
    let seen = 0;
    for (const index of this.indexes()) {
      seen += this.buckets.get(index)!;
      if (seen > rank) return middleOf(index);
    }
    return null;
  }

  /**
   * Number of values of at most `ms`, to the precision of the buckets; for cumulative buckets such as Prometheus's.
   */
  countUpTo(ms: number): number {
    const last = bucketOf(ms);
    let count = 0;
    for (const [index, times] of this.buckets) if (index <= last) count += times;
    return count;
  }

  /** Pairs of bucket distance and count, each as a variable-length integer: a few bytes per used bucket. */
  encode(): Uint8Array {
    const bytes: number[] = [];
    let last = 0;
    for (const index of this.indexes()) {
      pushInteger(bytes, index - last);
      pushInteger(bytes, this.buckets.get(index)!);
      last = index;
    }
    return Uint8Array.from(bytes);
  }

  static decode(encoded: Encoded): Histogram {
    const histogram = new Histogram();
    histogram.mergeEncoded(encoded);
    return histogram;
  }

  /** The same as `merge` without an intermediate histogram: one chart adds up thousands of them. */
  mergeEncoded(encoded: Encoded): void {
    if (!encoded) return;
    const bytes = new Uint8Array(encoded);
    let index = 0;
    for (let at = 0; at < bytes.length;) {
      const [distance, next] = readInteger(bytes, at);
      const [count, end] = readInteger(bytes, next);
      index += distance;
      this.buckets.set(index, (this.buckets.get(index) ?? 0) + count);
      this.total += count;
      at = end;
    }
  }

  private indexes(): number[] {
    return [...this.buckets.keys()].sort((a, b) => a - b);
  }
}

/** 0 for less than a millisecond, 1 for exactly one, then up by the factor. */
function bucketOf(ms: number): number {
  return ms >= 1 ? 1 + Math.ceil(Math.log(Math.min(ms, MAX_MS)) / LOG_FACTOR - 1e-9) : 0;
}

/** Returns the value with the same relative distance to both ends of the bucket. */
function middleOf(index: number): number {
  if (index <= 1) return index;
  return (2 * FACTOR ** (index - 1)) / (FACTOR + 1);
}

function pushInteger(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

function readInteger(bytes: Uint8Array, from: number): [value: number, next: number] {
  let value = 0;
  let unit = 1;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]!;
    value += (byte % 128) * unit;
    if (byte < 128) return [value, at + 1];
    unit *= 128;
  }
  return [value, bytes.length];
}
