import type { Decimal } from './decimal.js';

/** Quotient as its integer part and the remainder that the fraction digits come from. */
export interface LongDivision {
  negative: boolean;
  integer: bigint;
  remainder: bigint;
  divisor: bigint;
  /** Number of fraction digits before the expansion ends or begins to repeat. */
  lead: number;
  /** Whether the expansion ends after `lead` digits. */
  terminates: boolean;
}

/** Sets up `x` / `y` in lowest terms; `y` must not be 0. */
export function longDivision(x: Decimal, y: Decimal): LongDivision {
  const shift = x.exponent - y.exponent;
  const dividend = abs(x.units) * 10n ** BigInt(Math.max(shift, 0));
  const fullDivisor = abs(y.units) * 10n ** BigInt(Math.max(-shift, 0));
  const common = greatestCommonDivisor(dividend, fullDivisor);
  const divisor = fullDivisor / common;
  const integer = dividend / common / divisor;
  const remainder = dividend / common - integer * divisor;
  const [withoutTwos, twos] = withoutFactor(divisor, 2n);
  const [rest, fives] = withoutFactor(withoutTwos, 5n);
  return {
    negative: x.units < 0n !== y.units < 0n,
    integer,
    remainder,
    divisor,
    // The number of digits before the period is the higher power of 2 or 5 in the divisor:
    // https://en.wikipedia.org/wiki/Repeating_decimal#Extension_of_the_recurring_decimal_to_other_rationals
    lead: Math.max(twos, fives),
    terminates: rest === 1n,
  };
}

/**
 * Generates the fraction digits by long division: multiply the remainder by ten, divide, continue with the remainder.
 */
export class FractionDigits {
  private readonly digits: string[] = [];
  private remainder: bigint;
  private periodStart: bigint | undefined;
  private period: string | undefined;

  constructor(private readonly division: LongDivision) {
    this.remainder = division.remainder;
    this.watchPeriod();
  }

  get count(): number {
    return this.digits.length;
  }

  /** True when no remainder is left: the digits so far are the whole fraction. */
  get exact(): boolean {
    return this.remainder === 0n;
  }

  /** Returns the repeating digits after their first period, or undefined before it and for an expansion that ends. */
  get repeating(): string | undefined {
    return this.period;
  }

  next(): void {
    const dividend = this.remainder * 10n;
    const digit = dividend / this.division.divisor;
    this.remainder = dividend - digit * this.division.divisor;
    this.digits.push(String(digit));
    this.watchPeriod();
  }

  last(count: number): string {
    return this.digits.slice(-count).join('');
  }

  all(): string {
    return this.digits.join('');
  }

  /** Detects the period by the return of the remainder after the lead. No other remainder is stored. */
  private watchPeriod(): void {
    const { terminates, lead } = this.division;
    if (terminates || this.period !== undefined) return;
    if (this.count === lead) this.periodStart = this.remainder;
    else if (this.remainder === this.periodStart) this.period = this.digits.slice(lead).join('');
  }
}

/**
 * Enough digits for the nearest double, which depends on the first 17 digits and on the side of the middle that the
 * rest lies on.
 */
const NUMBER_DIGITS = 40;
/** Digits of a quotient written as text because no double can represent it. */
const TEXT_DIGITS = 17;

/**
 * Returns the quotient as a number, or as text such as `1.25e+500` if a double would be infinite or lose everything.
 */
export function toQuotient({ negative, integer, remainder, divisor }: LongDivision): number | string {
  const dividend = integer * divisor + remainder;
  if (dividend === 0n) return 0;
  // Scaled so that about NUMBER_DIGITS digits stand before the point.
  const scale = NUMBER_DIGITS + String(divisor).length - String(dividend).length;
  const up = dividend * 10n ** BigInt(Math.max(scale, 0));
  const down = divisor * 10n ** BigInt(Math.max(-scale, 0));
  const digits = String(up / down);
  // A non-zero rest still separates a number just above the middle of two doubles from the middle itself.
  const sticky = up % down === 0n ? '' : '1';
  const sign = negative ? '-' : '';
  const number = Number(`${sign}${digits}${sticky}e${-scale - sticky.length}`);
  if (Number.isFinite(number) && number !== 0) return number;
  const exponent = digits.length - 1 - scale;
  const fraction = digits.slice(1, TEXT_DIGITS).replace(/(?<!0)0+$/, '');
  return `${sign}${digits[0]}${fraction && `.${fraction}`}e${exponent < 0 ? '' : '+'}${exponent}`;
}

/** Formats sign, integer part and fraction. A value truncated to zeros has no sign. */
export function toText({ negative, integer }: LongDivision, fraction: string): string {
  const isZero = integer === 0n && !/[1-9]/.test(fraction);
  return `${negative && !isZero ? '-' : ''}${integer}${fraction && `.${fraction}`}`;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (b > 0n) [a, b] = [b, a % b];
  return a;
}

function withoutFactor(value: bigint, factor: bigint): [rest: bigint, times: number] {
  let times = 0;
  while (value % factor === 0n) {
    value /= factor;
    times++;
  }
  return [value, times];
}
