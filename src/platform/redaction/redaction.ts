import { AsyncLocalStorage } from 'node:async_hooks';
import { Digits, entriesOf, Members, parseExact, toJson } from '../../model/lenient-json.js';

/** Placeholder for a redacted value. */
export const HIDDEN = '[hidden]';

/** `input.card.*`, `result.token`; a leading `*.` matches the name anywhere. */
export const REDACTION_RULE = /^(\*|input|result)(\.[^\s.,*]+)*(\.\*)?$/i;

export type BodyPart = 'input' | 'result';

/** Includes `details`: the own properties of an error, which rules with `*.` match too. */
export type RedactedPart = BodyPart | 'details';

const revealed = new AsyncLocalStorage<boolean>();

/**
 * Rules for parts of inputs and results that are redacted by default. List indexes are no part of a path. One instance
 * per app, handed to every view as a required argument: a view without it would reveal everything.
 */
export class Redaction {
  private readonly rules: readonly { isAnywhere: boolean; names: readonly string[]; isBelow: boolean }[];

  constructor(rules: readonly string[]) {
    this.rules = rules.map((rule) => {
      const names = rule.toLowerCase().split('.');
      const isAnywhere = names[0] === '*';
      const isBelow = names.length > 1 && names.at(-1) === '*';
      return { isAnywhere, names: names.slice(isAnywhere ? 1 : 0, isBelow ? -1 : undefined), isBelow };
    });
  }

  /** Rules that apply in this context: none within `withoutRedaction`. */
  get current(): Redaction {
    return revealed.getStore() ? NO_REDACTION : this;
  }

  /** Whether any rule can match the part. */
  concerns(part: RedactedPart): boolean {
    return this.rules.some(({ isAnywhere, names }) => isAnywhere || names[0] === part);
  }

  /** Whether a path such as `input.card.number` is redacted, by its own rule or one of a parent. */
  covers(path: string): boolean {
    if (this.rules.length === 0) return false;
    const names = path.toLowerCase().split('.');
    return names.some((_, i) => this.hides(names.slice(0, i + 1)));
  }

  /** Returns the value with the redacted parts replaced. Returns the same value if no rule concerns it. */
  apply(part: RedactedPart, value: unknown): unknown {
    return this.concerns(part) ? this.walk(value, [part]) : value;
  }

  /** Redacts JSON text that may be truncated. */
  applyToText(part: BodyPart, json: string): string {
    if (!this.concerns(part)) return json;
    try {
      return toJson(this.walk(parseExact(json), [part]));
    } catch {
      // Truncated JSON: the redacted parts cannot be located.
      return HIDDEN;
    }
  }

  /** Returns each redacted single value. */
  hiddenIn(part: BodyPart, value: unknown): Iterable<unknown> {
    return this.leaves(value, [part], false);
  }

  private *leaves(value: unknown, path: string[], isHidden: boolean): Generator<unknown> {
    const hidden = isHidden || this.hides(path);
    if (Array.isArray(value)) for (const one of value) yield* this.leaves(one, path, hidden);
    else {
      const entries = entriesOf(value);
      if (entries)
        for (const [name, inner] of entries) yield* this.leaves(inner, [...path, name.toLowerCase()], hidden);
      else if (hidden) yield value;
    }
  }

  private walk(value: unknown, path: string[]): unknown {
    if (this.hides(path)) return HIDDEN;
    if (Array.isArray(value)) return value.map((one) => this.walk(one, path));
    if (value instanceof Date || value instanceof Digits) return value;
    const entries = entriesOf(value)?.map(
      ([name, inner]) => [name, this.walk(inner, [...path, name.toLowerCase()])] as const,
    );
    if (!entries) return value;
    return value instanceof Members ? new Members(entries) : Object.fromEntries(entries);
  }

  private hides(path: readonly string[]): boolean {
    return this.rules.some(({ isAnywhere, names, isBelow }) => {
      const end = isBelow ? path.slice(0, -1) : path;
      // The root is no member name: `*.input` matches only members called input.
      if (isBelow && end.length === 0) return false;
      const from = isAnywhere ? end.length - names.length : 0;
      if (from < (isAnywhere ? 1 : 0) || end.length - from !== names.length) return false;
      return names.every((name, i) => name === end[from + i]);
    });
  }
}

export const NO_REDACTION = new Redaction([]);

/** Whether a value contains redacted parts; in a text they may be a substring. */
export function hasHidden(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(HIDDEN);
  if (Array.isArray(value)) return value.some(hasHidden);
  return entriesOf(value)?.some(([, inner]) => hasHidden(inner)) ?? false;
}

/** Number of works that run without redaction. */
let revealing = 0;

/**
 * Runs `work` without redaction: for work that needs the values, such as a rerun, and for principals that may reveal
 * them. Ends the tracking of contexts after the last work, because it slows every promise of the process.
 */
export function withoutRedaction<T>(work: () => T): T {
  const end = () => {
    if (--revealing === 0) revealed.disable();
  };
  revealing++;
  let answer: T | undefined;
  try {
    return (answer = revealed.run(true, work));
  } finally {
    if (answer instanceof Promise) answer.then(end, end);
    else end();
  }
}
