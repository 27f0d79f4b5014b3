import { Histogram } from '../histogram.js';
import { build } from './builder.js';
import type { SqliteDatabase } from './database.js';
import type { DurationSummary, NumberSearch, NumberSpan } from '../ports/stats-store.js';
import { SPANS } from '../recording/rules/minute-counts.js';
import type { NumberColumns } from './schema.js';
import type { Dictionary } from './dictionary.js';
import { WORD } from '../recording/rules/names.js';

const COUNTED = ['added', 'completed', 'failed', 'cancelled', 'expired', 'retried'] as const;

interface Sum {
  at: number;
  name: string | undefined;
  counts: Record<(typeof COUNTED)[number], number>;
  waits: Histogram;
  runs: Histogram;
  waitMs: number;
  runMs: number;
}

/** Sums up the numbers written by NumbersWriter. */
export function readNumbers(db: SqliteDatabase, words: Dictionary, search: NumberSearch): NumberSpan[] {
  const sums = new Map<string, Sum>();
  for (const row of rowsOf(db, words, search)) {
    const at = placeOf(row.at, search);
    const name = search.by && words.textOf(row[search.by]);
    const key = `${at} ${name ?? ''}`;
    let sum = sums.get(key);
    if (!sum) sums.set(key, (sum = noSum(at, name)));
    for (const counted of COUNTED) sum.counts[counted] += row[counted];
    sum.waits.mergeEncoded(row.waits);
    sum.runs.mergeEncoded(row.runs);
    sum.waitMs += row.wait_sum;
    sum.runMs += row.run_sum;
  }
  return [...sums.values()].map(toSpan);
}

/** Returns the start of the first recorded day, narrowed to its first hour and minute while these are stored. */
export function readFirstNumberAt(db: SqliteDatabase): number | null {
  const day = firstSpanFrom(db, SPANS.day, 0);
  if (day === null) return null;
  const hour = firstSpanFrom(db, SPANS.hour, day);
  if (hour === null || hour >= day + SPANS.day) return day;
  const minute = firstSpanFrom(db, SPANS.minute, hour);
  return minute === null || minute >= hour + SPANS.hour ? hour : minute;
}

function firstSpanFrom(db: SqliteDatabase, span: number, from: number): number | null {
  const query = build
    .selectFrom('numbers')
    .select(({ fn }) => fn.min<number | null>('at').as('at'))
    .where('span', '=', span)
    .where('at', '>=', from);
  return db.query(query.compile())[0]?.at ?? null;
}

function placeOf(at: number, { from, step, fold }: NumberSearch): number {
  if (step === 'all') return from;
  return fold === undefined ? at : Math.floor(at / fold) * fold;
}

function* rowsOf(db: SqliteDatabase, words: Dictionary, search: NumberSearch): Generator<NumberColumns> {
  const { from, to, step, edge = 'day' } = search;
  if (step === 'all') {
    for (const piece of coverOf(from, to, edge)) yield* rowsIn(db, words, search, piece);
  } else {
    const span = SPANS[step];
    yield* rowsIn(db, words, search, { span, from: Math.floor(from / span) * span, to });
  }
}

interface Range {
  span: number;
  from: number;
  to: number;
}

/** Covers a time range with as few spans as possible: days in the middle, hours and minutes at the ends. */
export function coverOf(from: number, to: number, edge: 'minute' | 'hour' | 'day'): Range[] {
  const spans = ([SPANS.day, SPANS.hour, SPANS.minute] as number[]).filter((span) => span >= SPANS[edge]);
  const cover = (start: number, end: number, [span, ...finer]: number[]): Range[] => {
    if (span === undefined || start >= end) return [];
    const first = Math.ceil(start / span) * span;
    const last = Math.floor(end / span) * span;
    if (first >= last) return cover(start, end, finer);
    return [...cover(start, first, finer), { span, from: first, to: last }, ...cover(last, end, finer)];
  };
  return cover(
    Math.floor(from / SPANS[edge]) * SPANS[edge],
    Math.ceil(to / SPANS[edge]) * SPANS[edge],
    spans,
  );
}

function rowsIn(
  db: SqliteDatabase,
  words: Dictionary,
  { by, type, queue, worker }: NumberSearch,
  { span, from, to }: Range,
): NumberColumns[] {
  let query = build
    .selectFrom('numbers')
    .selectAll()
    .where('span', '=', span)
    .where('at', '>=', from)
    .where('at', '<', to)
    .orderBy('at');
  const ofWorkers = by === 'worker' || worker !== undefined;
  query = query.where('worker', ofWorkers ? '<>' : '=', 0);
  if (type !== undefined) query = query.where('type', '=', words.find(WORD.type, type) ?? -1);
  if (queue !== undefined) query = query.where('queue', '=', words.find(WORD.queue, queue) ?? -1);
  if (worker !== undefined) query = query.where('worker', '=', words.find(WORD.worker, worker) ?? -1);
  return db.query(query.compile());
}

function noSum(at: number, name: string | undefined): Sum {
  const counts = { added: 0, completed: 0, failed: 0, cancelled: 0, expired: 0, retried: 0 };
  return { at, name, counts, waits: new Histogram(), runs: new Histogram(), waitMs: 0, runMs: 0 };
}

function toSpan({ at, name, counts, waits, runs, waitMs, runMs }: Sum): NumberSpan {
  return {
    at,
    ...(name === undefined ? {} : { name }),
    ...counts,
    wait: summary(waits, waitMs),
    run: summary(runs, runMs),
  };
}

function summary(histogram: Histogram, sumMs: number): DurationSummary {
  return {
    count: histogram.count,
    sumMs,
    p50: histogram.quantile(0.5),
    p95: histogram.quantile(0.95),
    p99: histogram.quantile(0.99),
    histogram: histogram.encode(),
  };
}
