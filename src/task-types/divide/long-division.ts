import type { Decimal } from './decimal.js';

/** A quotient kept as its integer part and the remainder that the fraction digits come from. */
export interface LongDivision {
  negative: boolean;
  integer: bigint;
  remainder: bigint;
  divisor: bigint;
  /** Fraction digits before the expansion ends, or before it begins to repeat. */
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
    // The digits before the period are as many as the higher power of 2 or 5 in the divisor:
    // https://en.wikipedia.org/wiki/Repeating_decimal#Extension_of_the_recurring_decimal_to_other_rationals
    lead: Math.max(twos, fives),
    terminates: rest === 1n,
  };
}

/** The fraction digits, one by one as by hand: bring down a zero, take out the divisor, keep what is left. */
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

  /** Nothing is left over: the digits so far are the whole fraction. */
  get exact(): boolean {
    return this.remainder === 0n;
  }

  /** The digits that repeat for ever, once they have come round; never for an expansion that ends. */
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

  /** The remainder after the lead comes back when the period is through: no need to remember all the others. */
  private watchPeriod(): void {
    const { terminates, lead } = this.division;
    if (terminates || this.period !== undefined) return;
    if (this.count === lead) this.periodStart = this.remainder;
    else if (this.remainder === this.periodStart) this.period = this.digits.slice(lead).join('');
  }
}

/** Enough for the nearest double, which is decided by its first 17 digits and on which side of the middle the rest lies. */
const NUMBER_DIGITS = 40;
/** Digits of a quotient that is written as text because no double holds it. */
const TEXT_DIGITS = 17;

/** The quotient as a number; as text such as `1.25e+500` where a double would be infinite or lose all of it. */
export function toQuotient({ negative, integer, remainder, divisor }: LongDivision): number | string {
  const dividend = integer * divisor + remainder;
  if (dividend === 0n) return 0;
  // Scaled so that about NUMBER_DIGITS digits stand before the point.
  const scale = NUMBER_DIGITS + String(divisor).length - String(dividend).length;
  const up = dividend * 10n ** BigInt(Math.max(scale, 0));
  const down = divisor * 10n ** BigInt(Math.max(-scale, 0));
  const digits = String(up / down);
  // Whatever is cut off still tells a number just above the middle between two doubles from the middle itself.
  const sticky = up % down === 0n ? '' : '1';
  const sign = negative ? '-' : '';
  const number = Number(`${sign}${digits}${sticky}e${-scale - sticky.length}`);
  if (Number.isFinite(number) && number !== 0) return number;
  const exponent = digits.length - 1 - scale;
  const fraction = digits.slice(1, TEXT_DIGITS).replace(/(?<!0)0+$/, '');
  return `${sign}${digits[0]}${fraction && `.${fraction}`}e${exponent < 0 ? '' : '+'}${exponent}`;
}

/** Sign, integer part and fraction; a value cut down to nothing but zeros has no sign. */
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
