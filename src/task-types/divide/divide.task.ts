import { IsInt, Max, Min, ValidateBy } from 'class-validator';
import { Field } from '../../task-api/field.decorator.js';
import { PermanentError } from '../../task-api/outcomes.js';
import { pause } from '../../task-api/pause.js';
import type { TaskContext, TaskHandler } from '../../task-api/task-handler.js';
import { Task } from '../../task-api/task.decorator.js';
import { DECIMAL_PATTERN, MAX_EXPONENT, MAX_LENGTH, parseDecimal } from './decimal.js';
import { FractionDigits, longDivision, toQuotient, toText } from './long-division.js';

/** Time to calculate before yielding to the event loop, ms. */
const YIELD_INTERVAL_MS = 8;
/** Digits shown in the progress message. */
const SHOWN_DIGITS = 40;

/** Accepts a finite number, or a number as text for more digits than a double. */
function IsDecimal(): PropertyDecorator {
  return ValidateBy({
    name: 'isDecimalNumber',
    validator: {
      validate: (value) => parseDecimal(value) !== undefined,
      defaultMessage: (args) => explain(args?.value),
    },
  });
}

function explain(value: unknown): string {
  if (typeof value === 'string' && value.length > MAX_LENGTH) {
    return `must be a number of at most ${MAX_LENGTH} characters, not of ${value.length}`;
  }
  if (typeof value === 'string' && parseDecimal(value.split(/e/i, 1)[0])) {
    return `must be a number with an exponent from -${MAX_EXPONENT} to ${MAX_EXPONENT}, not ${JSON.stringify(value.slice(0, 40))}`;
  }
  const kind = Array.isArray(value)
    ? 'a list'
    : typeof value === 'object' && value !== null
      ? 'an object'
      : undefined;
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : String(value);
  return `must be a number such as 10, -2.5 or 1e-7, not ${kind ?? shown}`;
}

const DECIMAL_SCHEMA = {
  type: ['number', 'string'],
  pattern: DECIMAL_PATTERN,
  maxLength: MAX_LENGTH,
};

export class DivideInput {
  @Field({
    title: 'Dividend',
    help: 'The number to divide, such as 22, -2.5 or 1e-7. In the API also as text, for more digits than a JSON number keeps.',
    example: 10,
    prefill: 22,
    schema: DECIMAL_SCHEMA,
  })
  @IsDecimal()
  x!: number | string;

  @Field({
    title: 'Divisor',
    help: 'What to divide by. Try 0 to see a task fail.',
    example: 2,
    prefill: 7,
    schema: DECIMAL_SCHEMA,
  })
  @IsDecimal()
  y!: number | string;

  @Field({
    title: 'Digits',
    help: 'Digits after the point at most. What follows them is cut off, not rounded.',
    example: 20,
    prefill: 30,
  })
  @IsInt()
  @Min(0)
  @Max(100_000)
  digits = 20;

  @Field({
    title: 'Pause per digit',
    help: 'Slows the division down so that you can watch it.',
    unit: 'ms',
    example: 0,
    prefill: 200,
  })
  @IsInt()
  @Min(0)
  @Max(5000)
  stepDelayMs = 0;
}

export interface DivideResult {
  /** Nearest double; text such as `1.25e+500` if no double is close. */
  quotient: number | string;
  /** All requested digits, truncated after the last one. */
  decimal: string;
  /** Repeating digits, if their first period lies within `decimal`. */
  repeating?: string;
  /** Whether `decimal` is the whole quotient. */
  exact: boolean;
}

@Task({
  name: 'divide',
  title: 'Divide',
  summary: 'Long division, digit by digit and exact, as on paper.',
  input: DivideInput,
})
export class DivideTask implements TaskHandler<DivideInput, DivideResult> {
  async run({ x, y, digits, stepDelayMs }: DivideInput, ctx: TaskContext): Promise<DivideResult> {
    ctx.signal.throwIfAborted();
    const dividend = parseDecimal(x)!;
    const divisor = parseDecimal(y)!;
    if (divisor.units === 0n) {
      throw new PermanentError(
        `Division by zero: ${cut(x)} / ${cut(y)} has no result. Use a divisor other than 0.`,
      );
    }
    const division = longDivision(dividend, divisor);
    const wanted = division.terminates ? Math.min(digits, division.lead) : digits;
    const fraction = new FractionDigits(division);
    // The integer part is the first step, so at least one step is reported.
    await this.report(fraction, wanted, ctx);
    let turnEnds = performance.now() + YIELD_INTERVAL_MS;
    while (fraction.count < wanted) {
      if (stepDelayMs > 0) await pause(stepDelayMs, ctx.signal);
      fraction.next();
      const isLast = fraction.count === wanted;
      if (!isLast && stepDelayMs === 0 && performance.now() < turnEnds) continue;
      await this.report(fraction, wanted, ctx);
      await pause(0, ctx.signal);
      turnEnds = performance.now() + YIELD_INTERVAL_MS;
    }
    const { repeating, exact } = fraction;
    return {
      quotient: toQuotient(division),
      decimal: toText(division, fraction.all()),
      ...(repeating === undefined ? {} : { repeating }),
      exact,
    };
  }

  private report(fraction: FractionDigits, wanted: number, ctx: TaskContext): Promise<void> {
    const shown = `${fraction.count > SHOWN_DIGITS ? '...' : ''}${fraction.last(SHOWN_DIGITS)}`;
    const message = fraction.count === 0 ? 'Integer part' : `Digit ${fraction.count} of ${wanted}: ${shown}`;
    return ctx.progress(fraction.count + 1, wanted + 1, message);
  }
}

/** Shortens numbers, which may have a thousand characters, for a sentence. */
function cut(value: number | string): string {
  const text = String(value);
  return text.length > SHOWN_DIGITS ? `${text.slice(0, SHOWN_DIGITS)}...` : text;
}
