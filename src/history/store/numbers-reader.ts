import { Histogram } from '../histogram.js';
import { build } from './builder.js';
import type { SqliteDatabase } from './database.js';
import type { DurationSummary, NumberSearch, NumberSpan } from './history-store.js';
import { SPANS } from './numbers-writer.js';
import type { NumberColumns } from './schema.js';
import { WORD, type Words } from './words.js';

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

/** Adds up what NumbersWriter counted. */
export function readNumbers(db: SqliteDatabase, words: Words, search: NumberSearch): NumberSpan[] {
  const sums = new Map<string, Sum>();
  for (const row of rowsOf(db, words, search)) {
    const at = search.step === 'all' ? search.from : row.at;
    const name = search.by && words.textOf(row[search.by]);
    const key = `${at} ${name ?? ''}`;
    let sum = sums.get(key);
    if (!sum) sums.set(key, (sum = noSum(at, name)));
    for (const counted of COUNTED) sum.counts[counted] += row[counted];
    sum.waits.merge(Histogram.decode(row.waits));
    sum.runs.merge(Histogram.decode(row.runs));
    sum.waitMs += row.wait_sum;
    sum.runMs += row.run_sum;
  }
  return [...sums.values()].map(toSpan);
}

function rowsOf(
  db: SqliteDatabase,
  words: Words,
  { from, to, step, by, type, queue, worker }: NumberSearch,
): NumberColumns[] {
  // `all` begins and ends with whole days.
  const span = step === 'all' ? SPANS.day : SPANS[step];
  let query = build
    .selectFrom('numbers')
    .selectAll()
    .where('span', '=', span)
    .where('at', '>=', Math.floor(from / span) * span)
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
