import type { FieldProblem } from '../../contract/errors.js';
import type { LimitValues } from '../../limits/limit-override.js';
import { lastOf, type Params, typed } from '../params.js';
import { UNIT_MS } from './limits-page.js';
import { readAmount, readWhole } from './order-form.js';

/** Longest a timer of Node can run, ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const MOST = 100_000;

/** The limits of a form: empty is as the type has it, `none` lifts even that. */
export function readLimits(form: Params, problems: FieldProblem[]): LimitValues {
  const values: LimitValues = {};
  const soft = readTimeout(typed(form, 'softTimeout'), 'softTimeout', problems);
  const hard = readTimeout(typed(form, 'hardTimeout'), 'hardTimeout', problems);
  if (soft !== undefined) values.softTimeoutMs = soft;
  if (hard !== undefined) values.hardTimeoutMs = hard;
  const rate = typed(form, 'rateMax');
  if (isNone(rate)) values.rate = null;
  else if (rate) {
    const max = readWhole(rate, 'rateMax', MOST, problems);
    if (max !== undefined)
      values.rate = { max, perMs: UNIT_MS[lastOf(form, 'rateUnit') ?? 'm'] ?? UNIT_MS.m! };
  }
  const concurrency = typed(form, 'concurrency');
  if (isNone(concurrency)) values.concurrency = null;
  else if (concurrency) {
    const value = readWhole(concurrency, 'concurrency', MOST, problems);
    if (value !== undefined) values.concurrency = value;
  }
  return values;
}

function readTimeout(
  text: string | undefined,
  path: string,
  problems: FieldProblem[],
): number | null | undefined {
  if (isNone(text)) return null;
  if (!text) return undefined;
  const ms = readAmount(text, 's');
  if (ms !== undefined && ms >= 1 && ms <= LONGEST_TIMER_MS) return ms;
  problems.push({ path, message: 'must be seconds such as 30 or 1.5, or none' });
  return undefined;
}

function isNone(text: string | undefined): boolean {
  return text?.toLowerCase() === 'none';
}
