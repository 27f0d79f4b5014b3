import { redactionRules } from '../../contract/redaction.js';
import type { Scrub } from '../../contract/scrub.js';
import { MAX_PATH_DEPTH } from '../query/parse-term.js';
import { indexable } from './hidden-words.js';

/** Values of one task that are found by their path, of input and result each: the first so many of them. */
export const MAX_VALUES = 32;
/** Of a text value; longer ones are found by how they begin. */
export const MAX_VALUE_LENGTH = 64;
const MAX_PATH_LENGTH = 128;
/** Elements of a list share the path of the list; those after so many are not looked at. */
const MAX_ELEMENTS = 16;
const MAX_NESTING = 12;
/** Of the text that free-text search sees, per input, result, error and log lines. */
export const MAX_TEXT = 2000;

export type IndexedValue = number | string;

/** A body as the indexes see it. */
export interface IndexedBody {
  /** Paths in lower case, beginning with the root, and their values; text in lower case. */
  values: [path: string, value: IndexedValue][];
  /** All values one after the other, without the names. */
  text: string;
}

/**
 * What search can find of an input or a result; `json` that is none counts as one text, unless something of it may be
 * hidden. `words` takes out what is hidden elsewhere in the task.
 */
export function indexBody(
  root: 'input' | 'result',
  json: string | null | undefined,
  words?: Scrub,
): IndexedBody {
  if (json === null || json === undefined || json === '' || json === 'null') return { values: [], text: '' };
  const { value, isJson } = parse(json);
  if (!isJson && redactionRules().concerns(root)) return { values: [], text: '' };
  const collector = new Collector(words);
  collector.collect(value, root, 0, 0);
  return collector.body();
}

/** Equal texts are equal in the index: case and anything past the limit do not count. */
export function foldValue(text: string): string {
  return text.slice(0, MAX_VALUE_LENGTH).toLowerCase();
}

class Collector {
  private readonly values: IndexedBody['values'] = [];
  private readonly parts: string[] = [];
  private textLeft = MAX_TEXT;
  private readonly hidden = redactionRules();

  constructor(private readonly words: Scrub | undefined) {}

  body(): IndexedBody {
    return { values: this.values, text: this.parts.join(' ').slice(0, MAX_TEXT) };
  }

  /** `depth` counts names, which make the path; `nesting` also lists, so that no input can exhaust the stack. */
  collect(value: unknown, path: string, depth: number, nesting: number): void {
    if (this.isFull() || nesting > MAX_NESTING) return;
    // What is hidden could else be found out by looking for it, a letter at a time.
    if (this.hidden.covers(path)) return;
    if (Array.isArray(value)) {
      const shown = Math.min(value.length, MAX_ELEMENTS);
      for (let i = 0; i < shown; i++) this.collect(value[i], path, depth, nesting + 1);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        this.collect(inner, `${path}.${name.toLowerCase()}`, depth + 1, nesting + 1);
        if (this.isFull()) return;
      }
    } else {
      this.keep(value, path, depth);
    }
  }

  private keep(value: unknown, path: string, depth: number): void {
    const whole = typeof value === 'string' ? value : String(value);
    const text = this.words ? indexable(this.words, whole) : whole;
    if (this.textLeft > 0 && value !== null && typeof value !== 'boolean') {
      this.parts.push(text.slice(0, this.textLeft));
      this.textLeft -= text.length + 1;
    }
    // The root itself has no path of its own; its text is found by `input:` and `result:`.
    if (
      depth === 0 ||
      depth > MAX_PATH_DEPTH ||
      this.values.length >= MAX_VALUES ||
      text !== whole ||
      path.length > MAX_PATH_LENGTH
    )
      return;
    this.values.push([path, typeof value === 'number' && Number.isFinite(value) ? value : foldValue(text)]);
  }

  private isFull(): boolean {
    return this.textLeft <= 0 && this.values.length >= MAX_VALUES;
  }
}

function parse(json: string): { value: unknown; isJson: boolean } {
  try {
    return { value: JSON.parse(json), isJson: true };
  } catch {
    return { value: json, isJson: false };
  }
}
