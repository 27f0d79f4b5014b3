import type { FieldProblem } from '../../contract/errors.js';
import { RoostError } from '../../contract/errors.js';
import { lastOf, type Params, typed } from '../params.js';
import { UNIT_MS } from './limits-page.js';
import { isTimeZone, toInstant } from './zoned-time.js';

/** Why something is ordered, and when it is over by itself. Times are ms. */
export interface TypedOrder {
  reason?: string;
  forMs?: number;
  until?: number;
}

const MAX_REASON_LENGTH = 500;
const LONGEST_MS = 366 * 86_400_000;
// Control characters would tear log lines and pages apart.
const CONTROL = /[\u0000-\u001f\u007f\u2028\u2029]/;

/** The part that all forms of an order share; what is wrong is added to `problems`. */
export function readOrder(form: Params, problems: FieldProblem[], now: number): TypedOrder {
  const order: TypedOrder = {};
  const reason = typed(form, 'reason');
  if (reason) {
    if (reason.length > MAX_REASON_LENGTH || CONTROL.test(reason)) {
      problems.push({ path: 'reason', message: `must be text of at most ${MAX_REASON_LENGTH} characters` });
    } else order.reason = reason;
  }
  const [amount, until] = [typed(form, 'for'), typed(form, 'until')];
  if (amount && until) {
    problems.push({ path: 'until', message: 'give either how long or until when, not both' });
    return order;
  }
  if (amount) {
    const ms = readAmount(amount, lastOf(form, 'forUnit') ?? 'm');
    if (ms === undefined || ms < 1)
      problems.push({ path: 'for', message: 'must be a number above 0, such as 10 or 1.5' });
    else if (ms > LONGEST_MS) problems.push({ path: 'for', message: 'must be at most 366 days' });
    else order.forMs = ms;
  }
  if (until) readUntil(until, typed(form, 'untilZone') ?? 'UTC', order, problems, now);
  return order;
}

/** Milliseconds of an amount as it was typed; undefined where it is no number. */
export function readAmount(text: string, unit: string): number | undefined {
  const value = /^\d+([.,]\d+)?$/.test(text) ? Number(text.replace(',', '.')) : NaN;
  const ms = Math.round(value * (UNIT_MS[unit] ?? 1_000));
  return Number.isFinite(ms) ? ms : undefined;
}

/** A whole number as it was typed; undefined, with a problem, where it is none. */
export function readWhole(
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

/** @throws RoostError REQUEST_INVALID when there is any problem. */
export function refuseAny(problems: FieldProblem[]): void {
  if (problems.length === 0) return;
  throw new RoostError(
    'REQUEST_INVALID',
    problems.map(({ path, message }) => `${path} ${message}`).join('; '),
    problems,
  );
}

function readUntil(
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
    else if (at > now + LONGEST_MS) problems.push({ path: 'until', message: 'must lie within a year' });
    else order.until = at;
  } catch (error) {
    problems.push({ path: 'until', message: (error as Error).message });
  }
}
