import { Digits, entriesOf, Members, parseExact, toJson } from '../../model/lenient-json.js';
import { type BodyPart, HIDDEN, NO_REDACTION, type Redaction } from './redaction.js';
import type { TaskFailure, TaskProgress } from '../../model/task-view.js';

/**
 * Minimum length of a value to search for. Shorter ones match by chance: a PIN of three digits occurs in every second
 * timestamp.
 */
const MIN_VALUE_LENGTH = 4;
/** Minimum length of a line of a longer value, or of the beginning of a truncated one. */
const MIN_PART_LENGTH = 8;
/** Length from which a text may have been truncated by Roost. Handlers mark their own truncation with dots. */
const MIN_TRUNCATED_LENGTH = 200;
/** Number of leading characters of a value to search for at a truncated end. Enough to identify longer values. */
const MAX_HEAD_LENGTH = 256;
/** Limit on values to search for. A task with more of them has all its texts redacted. */
const MAX_VALUES = 100;

/**
 * Removes redacted values of a task's input and result from its other texts: error messages, stacks, log lines,
 * progress and the rest of the result. Finds values as they are, in any letter case, and as encoded in JSON and
 * addresses. Cannot find derived values, such as parts or sums.
 */
export class Scrub {
  /** Values in lower case, longest first. */
  private readonly values: readonly string[];

  /** `isBlind`: values to hide exist but are unknown, so all texts are redacted. */
  constructor(
    values: Iterable<string>,
    private readonly rules: Redaction,
    private readonly isBlind = false,
  ) {
    this.values = [...values].sort((a, b) => b.length - a.length);
  }

  get hasNothing(): boolean {
    return this.values.length === 0 && !this.isBlind;
  }

  text(text: string): string {
    if (this.hasNothing || text === '') return text;
    if (this.isBlind) return HIDDEN;
    let shown = text;
    for (const value of this.values) shown = without(shown, value);
    const dots = /(…|\.\.\.)$/.exec(shown);
    return dots || text.length >= MIN_TRUNCATED_LENGTH ? this.withoutCutEnd(shown, dots?.index) : shown;
  }

  failure(error: TaskFailure): TaskFailure;
  failure(error: TaskFailure | null): TaskFailure | null;
  failure(error: TaskFailure | null): TaskFailure | null {
    if (error === null || (this.hasNothing && !this.rules.concerns('details'))) return error;
    const { message, stack, code, details, cause, errors } = error;
    return {
      ...error,
      message: this.text(message),
      ...(stack === undefined ? {} : { stack: this.text(stack) }),
      ...(code === undefined ? {} : { code: this.text(code) }),
      ...(details
        ? { details: this.value(this.rules.apply('details', details)) as Record<string, unknown> }
        : {}),
      ...(cause ? { cause: this.failure(cause) } : {}),
      ...(errors ? { errors: errors.map((inner) => this.failure(inner)) } : {}),
    };
  }

  progress<Known extends TaskProgress | null>(progress: Known): Known {
    if (!progress || (this.hasNothing && !this.rules.concerns('details'))) return progress;
    const { message, details } = progress;
    return {
      ...progress,
      ...(message ? { message: this.text(message) } : {}),
      ...(details === undefined ? {} : { details: this.value(this.rules.apply('details', details)) }),
    };
  }

  /** Scrubs all texts and numbers in a value, including names. */
  value(value: unknown): unknown {
    if (this.hasNothing) return value;
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number' || value instanceof Digits) {
      const digits = digitsOf(value);
      return this.text(digits) === digits ? value : HIDDEN;
    }
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    if (value instanceof Date) return value;
    const entries = entriesOf(value)?.map(([name, inner]) => [this.text(name), this.value(inner)] as const);
    if (!entries) return value;
    return value instanceof Members ? new Members(entries) : Object.fromEntries(entries);
  }

  /** Scrubs JSON text that may be truncated. */
  json(text: string): string {
    if (this.hasNothing) return text;
    try {
      return toJson(this.value(parseExact(text)));
    } catch {
      return this.text(text);
    }
  }

  /** Long messages are truncated: their end may be the beginning of a value. */
  private withoutCutEnd(text: string, end = text.length): string {
    const folded = fold(text.slice(0, end));
    for (const value of this.values) {
      const at = beginningAtEnd(folded, value);
      if (at >= 0) return text.slice(0, at) + HIDDEN;
    }
    return text;
  }
}

/** Scrubber of an app without rules. */
export const NO_SCRUB = new Scrub([], NO_REDACTION);

/** Bodies of a task, and whether they are stored only in part. */
export interface KnownBodies {
  input?: unknown;
  result?: unknown;
  isInputCut?: boolean | undefined;
  isResultCut?: boolean | undefined;
}

/** Creates the scrubber for a task with these bodies, by the rules that apply in this context. */
export function scrubOf({ current: rules }: Redaction, bodies: KnownBodies): Scrub {
  if (!rules.concerns('input') && !rules.concerns('result')) return NO_SCRUB;
  const { input, result, isInputCut, isResultCut } = bodies;
  if (isInputCut && rules.concerns('input')) return blind(rules);
  if (isResultCut && rules.concerns('result')) return blind(rules);
  const values = new Set<string>();
  const isSure = collect(rules, 'input', input, values) && collect(rules, 'result', result, values);
  if (!isSure) return blind(rules);
  addLines(values);
  return new Scrub(values, rules);
}

function blind(rules: Redaction): Scrub {
  return new Scrub([], rules, true);
}

/** Copies an error for the log, with its real stack and without the values that rules hide in the input. */
export function scrubError(thrown: unknown, input: unknown, rules: Redaction): Error {
  const scrub = scrubOf(rules, { input });
  // Getters of a thrown object may throw.
  const text = (read: () => unknown) => {
    try {
      return scrub.text(String(read()));
    } catch {
      return '';
    }
  };
  if (!(thrown instanceof Error))
    return new Error(text(() => `it threw what is no error: ${String(thrown)}`));
  const error = new Error(text(() => thrown.message));
  error.name = text(() => thrown.name) || 'Error';
  error.stack = text(() => thrown.stack);
  return error;
}

function collect(rules: Redaction, part: BodyPart, body: unknown, into: Set<string>): boolean {
  if (!rules.concerns(part)) return true;
  for (const value of rules.hiddenIn(part, body)) {
    for (const form of formsOf(value)) into.add(form);
    if (into.size > MAX_VALUES) return false;
  }
  return true;
}

/** Adds the lines of long values, up to the limit: log lines contain them one by one. */
function addLines(values: Set<string>): void {
  for (const value of [...values]) {
    if (!value.includes('\n')) continue;
    for (const line of value.split('\n', MAX_VALUES)) {
      if (values.size >= MAX_VALUES) return;
      if (line.trim().length >= MIN_PART_LENGTH) values.add(line.trim());
    }
  }
}

/** Returns the forms of a value that a text may contain. */
function formsOf(value: unknown): string[] {
  const isNumber = typeof value === 'number' || value instanceof Digits;
  const text = typeof value === 'string' ? value.trim() : isNumber ? digitsOf(value) : '';
  if (text.length < MIN_VALUE_LENGTH) return [];
  return [text, JSON.stringify(text).slice(1, -1), inAddress(text)].map(fold);
}

function digitsOf(value: number | Digits): string {
  return value instanceof Digits ? value.text : String(value);
}

function inAddress(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // A lone surrogate cannot be part of an address.
    return text;
  }
}

/** Lowers the case without changing the length, unit by unit if necessary: positions must match the original text. */
function fold(text: string): string {
  const folded = text.toLowerCase();
  if (folded.length === text.length) return folded;
  const units = text.split('').map((unit) => {
    const one = unit.toLowerCase();
    return one.length === 1 ? one : unit;
  });
  return units.join('');
}

function without(text: string, value: string): string {
  const folded = fold(text);
  let shown = '';
  let from = 0;
  for (let at = folded.indexOf(value); at >= 0; at = folded.indexOf(value, from)) {
    shown += text.slice(from, at) + HIDDEN;
    from = at + value.length;
  }
  return from === 0 ? text : shown + text.slice(from);
}

/** Returns the position where `text` ends with the beginning of `value`, or -1. */
function beginningAtEnd(text: string, value: string): number {
  const at = value.length > MAX_HEAD_LENGTH ? text.indexOf(value.slice(0, MAX_HEAD_LENGTH)) : -1;
  if (at >= 0 && value.startsWith(text.slice(at))) return at;
  for (
    let length = Math.min(value.length - 1, text.length, MAX_HEAD_LENGTH);
    length >= MIN_PART_LENGTH;
    length--
  )
    if (text.endsWith(value.slice(0, length))) return text.length - length;
  return -1;
}
