/**
 * Numbers per segment. Its odd ones take a byte each, so half as many bytes: small enough for a second-level cache,
 * large enough that crossing off the larger primes pays.
 */
export const SEGMENT_SPAN = 1 << 19;

/** Smallest odd primes, crossed off by copying a pattern that repeats every 3 * 5 * 7 * 11 * 13 odd numbers. */
const PATTERN_PRIMES = [3, 5, 7, 11, 13];
const PATTERN_LENGTH = 15_015;

export interface SegmentCount {
  /** Number of primes up to the end of this segment. */
  count: number;
  /** Largest prime so far, 0 without one. */
  largest: number;
  /** Segments done, and their total. */
  done: number;
  total: number;
}

/**
 * Counts primes up to a bound with a segmented sieve of Eratosthenes over the odd numbers
 * (https://en.wikipedia.org/wiki/Sieve_of_Eratosthenes#Segmented_sieve). Memory depends only on the square root of
 * the bound: about 350 kB at 10^10.
 */
export function* countPrimes(upTo: number): Generator<SegmentCount, SegmentCount> {
  const total = Math.max(1, Math.ceil((upTo + 1) / SEGMENT_SPAN));
  const primes = primesFrom(17, Math.floor(Math.sqrt(upTo)));
  const next = firstMultiples(primes);
  const pattern = patternOf(PATTERN_PRIMES);
  // One byte per odd number: 1 crossed off, 0 prime. Index i of a segment stands for low + 2 * i + 1.
  const segment = new Uint8Array(SEGMENT_SPAN / 2);
  const state: SegmentCount = { count: upTo >= 2 ? 1 : 0, largest: upTo >= 2 ? 2 : 0, done: 0, total };
  for (let low = 0; state.done < total; low += SEGMENT_SPAN) {
    fillWithPattern(segment, pattern, low / 2);
    if (low === 0) markSmallest(segment);
    crossOff(segment, primes, next);
    // Odd numbers of the segment up to the bound.
    const length = Math.max(0, Math.min(segment.length, Math.floor((upTo - low + 1) / 2)));
    state.count += countZeros(segment, length);
    const last = segment.lastIndexOf(0, length - 1);
    if (length > 0 && last >= 0) state.largest = low + 2 * last + 1;
    state.done++;
    yield { ...state };
  }
  return state;
}

/** Returns the primes from `from` to `to` with a plain sieve; `to` is at most the square root of the bound. */
function primesFrom(from: number, to: number): Int32Array {
  const composite = new Uint8Array(to + 1);
  const primes: number[] = [];
  for (let n = 2; n <= to; n++) {
    if (composite[n]) continue;
    if (n >= from) primes.push(n);
    for (let multiple = n * n; multiple <= to; multiple += n) composite[multiple] = 1;
  }
  return Int32Array.from(primes);
}

/** Returns for every prime the index of its square among the odd numbers; smaller multiples have smaller factors. */
function firstMultiples(primes: Int32Array): Float64Array {
  return Float64Array.from(primes, (prime) => (prime * prime - 1) / 2);
}

function patternOf(primes: number[]): Uint8Array {
  const pattern = new Uint8Array(PATTERN_LENGTH);
  for (const prime of primes) {
    for (let i = (prime - 1) / 2; i < PATTERN_LENGTH; i += prime) pattern[i] = 1;
  }
  return pattern;
}

function fillWithPattern(segment: Uint8Array, pattern: Uint8Array, start: number): void {
  let from = start % pattern.length;
  for (let at = 0; at < segment.length;) {
    const part = pattern.subarray(from, from + segment.length - at);
    segment.set(part, at);
    at += part.length;
    from = 0;
  }
}

/** Corrects the first segment: 1 is no prime, and the pattern crossed off its own primes. */
function markSmallest(segment: Uint8Array): void {
  segment[0] = 1;
  for (const prime of PATTERN_PRIMES) segment[(prime - 1) / 2] = 0;
}

/**
 * Crosses off the multiples in the segment. Updates `next` with the next index of each prime, relative to the next
 * segment.
 */
function crossOff(segment: Uint8Array, primes: Int32Array, next: Float64Array): void {
  const size = segment.length;
  for (let k = 0; k < primes.length; k++) {
    const prime = primes[k]!;
    const start = next[k]!;
    // A square beyond 2^31 is far outside the segment; below, integers keep the loop fast.
    let i = start < size ? start | 0 : size;
    for (; i < size; i += prime) segment[i] = 1;
    next[k] = Math.max(i, start) - size;
  }
}

function countZeros(segment: Uint8Array, length: number): number {
  let crossed = 0;
  for (let i = 0; i < length; i++) crossed += segment[i]!;
  return length - crossed;
}
