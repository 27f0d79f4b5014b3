import { MAX_TIMER_MS } from '../../task-api/delays.js';
import type { FieldProblem } from '../../model/errors.js';
import type { LimitValues } from '../../limits/limit-override.js';
import { lastOf, type Params, typed } from '../kit/params.js';
import { UNIT_MS } from '../kit/duration-units.js';
import { parseAmount, parseWholeNumber } from '../kit/order-form.js';

const MAX_LIMIT_VALUE = 100_000;

/** Parses the limits of a form: an empty field means the type's own limit, `none` removes even that. */
export function parseLimits(form: Params, problems: FieldProblem[]): LimitValues {
  const values: LimitValues = {};
  const soft = parseTimeout(typed(form, 'softTimeout'), 'softTimeout', problems);
  const hard = parseTimeout(typed(form, 'hardTimeout'), 'hardTimeout', problems);
  if (soft !== undefined) values.softTimeoutMs = soft;
  if (hard !== undefined) values.hardTimeoutMs = hard;
  const rate = typed(form, 'rateMax');
  if (isNone(rate)) values.rate = null;
  else if (rate) {
    const max = parseWholeNumber(rate, 'rateMax', MAX_LIMIT_VALUE, problems);
    if (max !== undefined)
      values.rate = { max, perMs: UNIT_MS[lastOf(form, 'rateUnit') ?? 'm'] ?? UNIT_MS.m! };
  }
  const concurrency = typed(form, 'concurrency');
  if (isNone(concurrency)) values.concurrency = null;
  else if (concurrency) {
    const value = parseWholeNumber(concurrency, 'concurrency', MAX_LIMIT_VALUE, problems);
    if (value !== undefined) values.concurrency = value;
  }
  return values;
}

function parseTimeout(
  text: string | undefined,
  path: string,
  problems: FieldProblem[],
): number | null | undefined {
  if (isNone(text)) return null;
  if (!text) return undefined;
  const ms = parseAmount(text, 's');
  if (ms !== undefined && ms >= 1 && ms <= MAX_TIMER_MS) return ms;
  problems.push({ path, message: 'must be seconds such as 30 or 1.5, or none' });
  return undefined;
}

function isNone(text: string | undefined): boolean {
  return text?.toLowerCase() === 'none';
}
