import type { Redaction } from '../../../platform/redaction/redaction.js';
import type { Scrub } from '../../../platform/redaction/scrub.js';
import { Digits, entriesOf, parseExact } from '../../../model/lenient-json.js';
import { isNumberKey, toIndexedNumber } from '../../number-key.js';
import { MAX_PATH_DEPTH } from '../../query/parse-term.js';
import { indexable } from './redact-text.js';

/** Maximum indexed values of a task's input and of its result; further values are not found by path. */
export const MAX_VALUES = 32;
/** Maximum length of an indexed text value; longer ones are found by their beginning. */
export const MAX_VALUE_LENGTH = 64;
const MAX_PATH_LENGTH = 128;
/** Maximum indexed elements of a list; all share the path of the list. */
const MAX_ELEMENTS = 16;
const MAX_NESTING = 12;
/** Maximum length of indexed free text per input, result, error and log lines. */
export const MAX_TEXT = 2000;

export type IndexedValue = number | string;

/** Index content of a body. */
export interface IndexedBody {
  /** Paths in lower case, beginning with the root, and their values; text in lower case. */
  values: [path: string, value: IndexedValue][];
  /** All values without their names, joined. */
  text: string;
}

/**
 * Extracts the index content of an input or a result. Invalid `json` counts as one text, unless a redaction rule
 * concerns this root. `words` redacts values hidden elsewhere in the task.
 */
export function indexBody(
  root: 'input' | 'result',
  json: string | null | undefined,
  rules: Redaction,
  words?: Scrub,
): IndexedBody {
  if (json === null || json === undefined || json === '' || json === 'null') return { values: [], text: '' };
  const { value, isJson } = parse(json);
  if (!isJson && rules.concerns(root)) return { values: [], text: '' };
  const collector = new Collector(rules, words);
  collector.collect(value, root, 0, 0);
  return collector.body();
}

/**
 * Normalizes a text for the index: ignores case and everything beyond the limit. The result never looks like the key
 * of a number.
 */
export function foldValue(text: string): string {
  const own = isNumberKey(text) ? text.replace(/^\u{10ffff}+/u, '') : text;
  return own.slice(0, MAX_VALUE_LENGTH).toLowerCase();
}

class Collector {
  private readonly values: IndexedBody['values'] = [];
  private readonly parts: string[] = [];
  private textLeft = MAX_TEXT;

  constructor(
    private readonly hidden: Redaction,
    private readonly words: Scrub | undefined,
  ) {}

  body(): IndexedBody {
    return { values: this.values, text: this.parts.join(' ').slice(0, MAX_TEXT) };
  }

  /**
   * `depth` counts names, which form the path. `nesting` also counts lists, so that no input can exhaust the stack.
   */
  collect(value: unknown, path: string, depth: number, nesting: number): void {
    if (this.isFull() || nesting > MAX_NESTING) return;
    // A searchable redacted value could be guessed letter by letter.
    if (this.hidden.covers(path)) return;
    if (Array.isArray(value)) {
      const shown = Math.min(value.length, MAX_ELEMENTS);
      for (let i = 0; i < shown; i++) this.collect(value[i], path, depth, nesting + 1);
    } else {
      const entries = entriesOf(value);
      if (!entries) this.add(value, path, depth);
      for (const [name, inner] of entries ?? []) {
        this.collect(inner, `${path}.${name.toLowerCase()}`, depth + 1, nesting + 1);
        if (this.isFull()) return;
      }
    }
  }

  private add(value: unknown, path: string, depth: number): void {
    const whole = value instanceof Digits ? value.text : String(value);
    const text = this.words ? indexable(this.words, whole) : whole;
    if (this.textLeft > 0 && value !== null && typeof value !== 'boolean') {
      this.parts.push(text.slice(0, this.textLeft));
      this.textLeft -= text.length + 1;
    }
    const number = value instanceof Digits ? toIndexedNumber(value.text) : value;
    // `0.10` is also found as 0.1; a rounded number only by its own digits.
    if (number !== value && typeof number === 'number') this.parts.push(String(number));
    // The root itself has no path; `input:` and `result:` find its text.
    if (
      depth === 0 ||
      depth > MAX_PATH_DEPTH ||
      this.values.length >= MAX_VALUES ||
      text !== whole ||
      path.length > MAX_PATH_LENGTH
    )
      return;
    this.values.push([path, indexedValue(number, text)]);
  }

  private isFull(): boolean {
    return this.textLeft <= 0 && this.values.length >= MAX_VALUES;
  }
}

function indexedValue(value: unknown, text: string): IndexedValue {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  return isNumberKey(value) && value !== text ? value : foldValue(text);
}

/** Texts up to this length are always parsed exactly, longer ones only if a number may change. */
const MAX_EXACT_LENGTH = 1000;
/** Matches every number whose stored form differs from its text, and some others. */
const MAY_CHANGE = /[\d.]{16}|\d[eE]|-0|\.\d*0(?!\d)/;

function parse(json: string): { value: unknown; isJson: boolean } {
  try {
    const isExact = json.length <= MAX_EXACT_LENGTH || MAY_CHANGE.test(json);
    return { value: isExact ? parseExact(json) : JSON.parse(json), isJson: true };
  } catch {
    return { value: json, isJson: false };
  }
}
