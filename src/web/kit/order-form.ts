import { MAX_DELAY_MS } from '../../task-api/delays.js';
import type { FieldProblem } from '../../model/errors.js';
import { RoostError } from '../../model/errors.js';
import { lastOf, type Params, typed } from './params.js';
import { UNIT_MS } from './duration-units.js';
import { isTimeZone, toInstant } from './zoned-time.js';

/** Reason and end of an order such as a pause or a limit. Times in ms. */
export interface TypedOrder {
  reason?: string;
  forMs?: number;
  until?: number;
}

const MAX_REASON_LENGTH = 500;
// Control characters would break log lines and pages.
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f\u2028\u2029]/;

/** Parses the fields that all order forms share. Adds problems to `problems`. */
export function parseOrder(form: Params, problems: FieldProblem[], now: number): TypedOrder {
  const order: TypedOrder = {};
  const reason = typed(form, 'reason');
  if (reason) {
    if (reason.length > MAX_REASON_LENGTH || CONTROL_CHARACTERS.test(reason)) {
      problems.push({ path: 'reason', message: `must be text of at most ${MAX_REASON_LENGTH} characters` });
    } else order.reason = reason;
  }
  const [amount, until] = [typed(form, 'for'), typed(form, 'until')];
  if (amount && until) {
    problems.push({ path: 'until', message: 'give either how long or until when, not both' });
    return order;
  }
  if (amount) {
    const ms = parseAmount(amount, lastOf(form, 'forUnit') ?? 'm');
    if (ms === undefined || ms < 1)
      problems.push({ path: 'for', message: 'must be a number above 0, such as 10 or 1.5' });
    else if (ms > MAX_DELAY_MS) problems.push({ path: 'for', message: 'must be at most 366 days' });
    else order.forMs = ms;
  }
  if (until) parseUntil(until, typed(form, 'untilZone') ?? 'UTC', order, problems, now);
  return order;
}

/** Returns a typed amount in milliseconds; undefined if it is not a number. */
export function parseAmount(text: string, unit: string): number | undefined {
  const value = /^\d+([.,]\d+)?$/.test(text) ? Number(text.replace(',', '.')) : NaN;
  const ms = Math.round(value * (UNIT_MS[unit] ?? 1_000));
  return Number.isFinite(ms) ? ms : undefined;
}

/** Parses a whole number; undefined, with a problem, if it is none. */
export function parseWholeNumber(
  text: string | undefined,
  path: string,
  max: number,
  problems: FieldProblem[],
): number | undefined {
  const value = text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= 1 && value <= max) return value;
  problems.push({ path, message: `must be a whole number from 1 to ${max}` });
  return undefined;
}

/** @throws RoostError REQUEST_INVALID if there is any problem. */
export function throwIfAny(problems: FieldProblem[]): void {
  if (problems.length === 0) return;
  throw new RoostError(
    'REQUEST_INVALID',
    problems.map(({ path, message }) => `${path} ${message}`).join('; '),
    problems,
  );
}

function parseUntil(
  text: string,
  zone: string,
  order: TypedOrder,
  problems: FieldProblem[],
  now: number,
): void {
  if (!isTimeZone(zone)) {
    problems.push({ path: 'until', message: 'needs a time zone such as Europe/Berlin or UTC' });
    return;
  }
  try {
    const at = toInstant(text, zone);
    if (at <= now) problems.push({ path: 'until', message: 'must lie in the future' });
    else if (at > now + MAX_DELAY_MS) problems.push({ path: 'until', message: 'must lie within a year' });
    else order.until = at;
  } catch (error) {
    problems.push({ path: 'until', message: (error as Error).message });
  }
}
