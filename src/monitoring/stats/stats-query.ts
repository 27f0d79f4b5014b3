import { RoostError } from '../../model/errors.js';
import { readDayOrTime } from '../../model/iso-time.js';
import type { NumberSearch } from '../../history/ports/stats-store.js';
import { readQuery, shortText } from '../../http/query.js';
import { GROUPINGS, RANGE_NAMES, RANGES, STEP_LENGTHS, windowOf, type Range } from './stats-ranges.js';

export const STEPS = ['minute', 'hour', 'day', 'all'] as const;
type Step = (typeof STEPS)[number];

/** Maximum number of points per answer: enough for a month by the hour, or more than a day by the minute. */
export const MAX_POINTS = 2_000;

export interface NumbersQuery {
  search: NumberSearch;
  range?: Range;
}

/** Parses the query parameters. @throws RoostError QUERY_INVALID */
export function readNumbersQuery(query: Record<string, unknown>, now: number): NumbersQuery {
  const {
    range: name,
    from,
    to,
    step: asked,
    by,
    ...names
  } = readQuery(query, {
    range: oneOf(RANGE_NAMES),
    from: readDayOrTime,
    to: readDayOrTime,
    step: oneOf(STEPS),
    by: oneOf(GROUPINGS),
    type: shortText(200),
    queue: shortText(200),
    worker: shortText(200),
  });
  if (name && (from !== undefined || to !== undefined))
    refuse('range', 'cannot be given together with from or to');
  if (names.worker && (names.type || names.queue))
    refuse('worker', 'cannot be given together with type or queue: workers are counted apart');
  if ((by === 'worker' && (names.type || names.queue)) || (by && by !== 'worker' && names.worker))
    refuse('by', 'cannot be combined with this filter: workers are counted apart from types and queues');
  if (from === undefined) {
    const range = RANGES[name ?? '1h'];
    if (to !== undefined) refuse('from', 'is required with to');
    const window = windowOf(range, now);
    if (asked !== undefined)
      return { range, search: checked({ ...window, step: asked, edge: range.edge, by, ...names }) };
    const search = by
      ? { ...window, step: 'all' as const, edge: range.edge, by, ...names }
      : { ...window, step: range.step, fold: range.barMs, ...names };
    return { range, search: search as NumberSearch };
  }
  const end = to ?? now;
  if (end <= from) refuse('to', 'must lie after from');
  const step = asked ?? (by ? 'all' : finest(end - from));
  // Minutes have a short retention: a range that began earlier is exact to the hour only.
  const edge = now - from < 2 * STEP_LENGTHS.day ? 'minute' : 'hour';
  return { search: checked({ from, to: end, step, edge, by, ...names }) };
}

function checked({
  by,
  ...search
}: Omit<NumberSearch, 'by'> & { by?: NumberSearch['by'] | undefined }): NumberSearch {
  const points = (search.to - search.from) / STEP_LENGTHS[search.step];
  if (search.step !== 'all' && points > MAX_POINTS)
    refuse('step', `yields more than ${MAX_POINTS} points for this range; use a longer step`);
  return { ...search, ...(by ? { by } : {}) };
}

function finest(ms: number): Step {
  return (['minute', 'hour'] as const).find((step) => ms / STEP_LENGTHS[step] <= 200) ?? 'day';
}

function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    if ((choices as readonly string[]).includes(text)) return text as T;
    throw new Error(`must be one of: ${choices.join(', ')}`);
  };
}

function refuse(path: string, message: string): never {
  throw new RoostError('QUERY_INVALID', `${path} ${message}`, [{ path, message }]);
}
