import { type BodyPart, HIDDEN, redaction, type Redaction } from './redaction.js';
import type { TaskFailure, TaskProgress } from './task-view.js';

/** Shorter ones are part of too many words; a PIN of three digits is found in every second time. */
const MIN_LENGTH = 4;
/** A line of a longer text, or the beginning of a text that was cut, has to be so long to count as that text's. */
const MIN_PART = 8;
/** Shorter texts were cut by nobody here; a handler may have, and says so with dots. */
const SHORTEST_CUT = 200;
/** So much of a value's beginning is looked for at an end that was cut; what is longer is told by it. */
const HEAD = 256;
/** Values looked for; a task with more of them has none of its words shown. */
const MAX_VALUES = 100;

/**
 * Takes what the rules hide in the input and the result of a task out of its other words: error messages, stacks, log
 * lines, progress, and the rest of its result. It knows the values as they are, in any case, and as they stand in JSON
 * and in addresses; what a handler makes of one, such as a part or a sum, it does not know.
 */
export class Scrub {
  /** Lower case, the longest first. */
  private readonly values: readonly string[];

  /** `isBlind`: there is something to hide, and what it is cannot be told. */
  constructor(
    values: Iterable<string>,
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
    return dots || text.length >= SHORTEST_CUT ? this.withoutCutEnd(shown, dots?.index) : shown;
  }

  failure(error: TaskFailure): TaskFailure;
  failure(error: TaskFailure | null): TaskFailure | null;
  failure(error: TaskFailure | null): TaskFailure | null {
    if (error === null || this.hasNothing) return error;
    const { message, stack } = error;
    return {
      ...error,
      message: this.text(message),
      ...(stack === undefined ? {} : { stack: this.text(stack) }),
    };
  }

  progress<Known extends TaskProgress | null>(progress: Known): Known {
    if (!progress?.message || this.hasNothing) return progress;
    return { ...progress, message: this.text(progress.message) };
  }

  /** All texts and numbers in it, names too. */
  value(value: unknown): unknown {
    if (this.hasNothing) return value;
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') return this.text(String(value)) === String(value) ? value : HIDDEN;
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [this.text(name), this.value(inner)]),
    );
  }

  /** Of what is JSON, or was before it was cut. */
  json(text: string): string {
    if (this.hasNothing) return text;
    try {
      return JSON.stringify(this.value(JSON.parse(text)));
    } catch {
      return this.text(text);
    }
  }

  /** Messages are cut where they are long: what stands at their end may be the beginning of a value. */
  private withoutCutEnd(text: string, end = text.length): string {
    const folded = fold(text.slice(0, end));
    for (const value of this.values) {
      const at = beginningAtEnd(folded, value);
      if (at >= 0) return text.slice(0, at) + HIDDEN;
    }
    return text;
  }
}

const NOTHING = new Scrub([]);
const BLIND = new Scrub([], true);

/** A body, or that it is there and not known whole. */
export interface KnownBodies {
  input?: unknown;
  result?: unknown;
  isInputCut?: boolean | undefined;
  isResultCut?: boolean | undefined;
}

/** For the words of the task with these bodies, by the rules that apply here and now. */
export function scrubOf({ input, result, isInputCut, isResultCut }: KnownBodies): Scrub {
  const rules = redaction();
  if (isInputCut && rules.concerns('input')) return BLIND;
  if (isResultCut && rules.concerns('result')) return BLIND;
  const values = new Set<string>();
  const isSure = collect(rules, 'input', input, values) && collect(rules, 'result', result, values);
  if (!isSure) return BLIND;
  addLines(values);
  return values.size === 0 ? NOTHING : new Scrub(values);
}

function collect(rules: Redaction, part: BodyPart, body: unknown, into: Set<string>): boolean {
  if (!rules.concerns(part)) return true;
  for (const value of rules.hiddenIn(part, body)) {
    for (const form of formsOf(value)) into.add(form);
    if (into.size > MAX_VALUES) return false;
  }
  return true;
}

/** Long texts are told in pieces; as many lines of them as there is room for. */
function addLines(values: Set<string>): void {
  for (const value of [...values]) {
    if (!value.includes('\n')) continue;
    for (const line of value.split('\n', MAX_VALUES)) {
      if (values.size >= MAX_VALUES) return;
      if (line.trim().length >= MIN_PART) values.add(line.trim());
    }
  }
}

/** As a text may have it. */
function formsOf(value: unknown): string[] {
  const text = typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
  if (text.length < MIN_LENGTH) return [];
  return [text, JSON.stringify(text).slice(1, -1), inAddress(text)].map(fold);
}

function inAddress(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half a character, which no address can have.
    return text;
  }
}

/** Without case, unit by unit where the whole would be another length: a place in it has to be the same in the text. */
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

/** Where the beginning of `value` begins with which `text` ends; -1 for nowhere. */
function beginningAtEnd(text: string, value: string): number {
  const at = value.length > HEAD ? text.indexOf(value.slice(0, HEAD)) : -1;
  if (at >= 0 && value.startsWith(text.slice(at))) return at;
  for (let length = Math.min(value.length - 1, text.length, HEAD); length >= MIN_PART; length--)
    if (text.endsWith(value.slice(0, length))) return text.length - length;
  return -1;
}
