import type { TaskState } from '../../contract/states.js';

/** What a query asks for. Plain data: it crosses threads and is the seam to any store. */
export interface Query {
  /** `null` asks for every task. */
  filter: QueryNode | null;
  /** `null` leaves the order to the caller: newest first. */
  sort: Sort | null;
}

export type QueryNode =
  { kind: 'and' | 'or'; nodes: QueryNode[] } | { kind: 'not'; node: QueryNode } | QueryTerm;

export type QueryTerm = TextTerm | StateTerm | NameTerm | NumberTerm | TimeTerm | PathTerm;

/** Words one after the other in the text of a task; `any` looks everywhere. */
export interface TextTerm {
  kind: 'text';
  scope: TextScope;
  text: string;
  /** The last word may go on. */
  prefix: boolean;
}

export type TextScope = 'any' | 'input' | 'result' | 'error' | 'log';

export interface StateTerm {
  kind: 'state';
  state: TaskState;
}

/** Equal without regard to case, or beginning with `text`; an empty prefix asks only that there is one. */
export interface NameTerm {
  kind: 'name';
  field: NameField;
  text: string;
  prefix: boolean;
}

export type NameField = 'type' | 'queue' | 'worker' | 'tag' | 'id' | 'origin' | 'group';

/** A count, or a duration in ms. */
export interface NumberTerm {
  kind: 'number';
  field: NumberField;
  test: Test<number>;
}

export type NumberField = 'attempts' | 'priority' | 'wait' | 'run';

export interface TimeTerm {
  kind: 'time';
  field: TimeField;
  test: Test<Moment>;
}

export type TimeField = 'created' | 'finished';

/** A value at a path of the input or the result, `path` in lower case and joined by dots. */
export interface PathTerm {
  kind: 'path';
  root: 'input' | 'result';
  path: string;
  test: Test<PathValue> | { op: 'prefix'; text: string } | { op: 'exists' };
}

export type Test<Value> =
  { op: '=' | '<' | '<=' | '>' | '>='; value: Value } | { op: 'range'; from?: Value; to?: Value };

/**
 * A date stands for all it covers: `2026-11-22` for the day from `from` up to, not including, `to` (ms, UTC).
 * An age is counted back from the moment of asking, so `<1h` means younger than an hour.
 */
export type Moment = { kind: 'age'; ms: number } | { kind: 'date'; text: string; from: number; to: number };

/** `number` is there where the value was written as one; then `=` also finds the same digits as text. */
export interface PathValue {
  text: string;
  number?: number;
}

export const SORT_FIELDS = ['created', 'finished', 'wait', 'run', 'attempts', 'type', 'state'] as const;

export type SortField = (typeof SORT_FIELDS)[number];

export interface Sort {
  field: SortField;
  descending: boolean;
}

export const NEWEST_FIRST: Sort = { field: 'created', descending: true };
