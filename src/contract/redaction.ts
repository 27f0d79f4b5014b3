import { AsyncLocalStorage } from 'node:async_hooks';

/** Stands in the place of what a rule hides. */
export const HIDDEN = '[hidden]';

/** `input.card.*`, `result.token`; with `*.` in front wherever such a name stands. */
export const REDACTION_RULE = /^(\*|input|result)(\.[^\s.,*]+)*(\.\*)?$/i;

export type BodyPart = 'input' | 'result';

/** Rules of what of inputs and results is shown to nobody by itself. Lists on the way have no part in a path. */
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

  /** Whether there is anything to hide in it. */
  concerns(part: BodyPart): boolean {
    return this.rules.some(({ isAnywhere, names }) => isAnywhere || names[0] === part);
  }

  /** Whether what stands at `input.card.number` is hidden, by a rule for it or for something above it. */
  covers(path: string): boolean {
    if (this.rules.length === 0) return false;
    const names = path.toLowerCase().split('.');
    return names.some((_, i) => this.hides(names.slice(0, i + 1)));
  }

  /** The same value where nothing in it is hidden. */
  apply(part: BodyPart, value: unknown): unknown {
    return this.concerns(part) ? this.walk(value, [part]) : value;
  }

  /** For text of JSON that may be no more than the beginning of it. */
  applyToText(part: BodyPart, json: string): string {
    if (!this.concerns(part)) return json;
    try {
      return JSON.stringify(this.walk(JSON.parse(json), [part]));
    } catch {
      // It cannot be told what of it is to be hidden.
      return HIDDEN;
    }
  }

  /** Each single value that is hidden in it. */
  hiddenIn(part: BodyPart, value: unknown): Iterable<unknown> {
    return this.leaves(value, [part], false);
  }

  private *leaves(value: unknown, path: string[], isHidden: boolean): Generator<unknown> {
    const hidden = isHidden || this.hides(path);
    if (Array.isArray(value)) for (const one of value) yield* this.leaves(one, path, hidden);
    else if (typeof value === 'object' && value !== null)
      for (const [name, inner] of Object.entries(value))
        yield* this.leaves(inner, [...path, name.toLowerCase()], hidden);
    else if (hidden) yield value;
  }

  private walk(value: unknown, path: string[]): unknown {
    if (this.hides(path)) return HIDDEN;
    if (Array.isArray(value)) return value.map((one) => this.walk(one, path));
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, this.walk(inner, [...path, name.toLowerCase()])]),
    );
  }

  private hides(path: readonly string[]): boolean {
    return this.rules.some(({ isAnywhere, names, isBelow }) => {
      const end = isBelow ? path.slice(0, -1) : path;
      // The root is no name of anybody's: `*.input` means one that is called so.
      if (isBelow && end.length === 0) return false;
      const from = isAnywhere ? end.length - names.length : 0;
      if (from < (isAnywhere ? 1 : 0) || end.length - from !== names.length) return false;
      return names.every((name, i) => name === end[from + i]);
    });
  }
}

let rules = new Redaction([]);
const nothing = new Redaction([]);
const revealed = new AsyncLocalStorage<boolean>();

/**
 * Of this process or thread, set once as it starts. It is no dependency that is handed around: a view that somebody
 * forgets to hand it to would tell everything.
 */
export function setRedaction(paths: readonly string[]): void {
  rules = new Redaction(paths);
}

/** What applies here and now: nothing within `withoutRedaction`. */
export function redaction(): Redaction {
  return revealed.getStore() ? nothing : rules;
}

/** Whether something of it was hidden; of a text it may be a part. */
export function hasHidden(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(HIDDEN);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasHidden);
}

/** What is hidden by itself, whoever looks. */
export function redactionRules(): Redaction {
  return rules;
}

/** For work that needs what is hidden, such as a rerun, and for who may see it and has asked. */
export function withoutRedaction<T>(work: () => T): T {
  return revealed.run(true, work);
}
