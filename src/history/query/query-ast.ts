import type { TaskState } from '../../model/states.js';

/** A parsed query. Plain data: it crosses threads, and any store can implement it. */
export interface Query {
  /** `null` matches every task. */
  filter: QueryNode | null;
  /** `null` leaves the order to the caller: newest first. */
  sort: Sort | null;
}

export type QueryNode =
  { kind: 'and' | 'or'; nodes: QueryNode[] } | { kind: 'not'; node: QueryNode } | QueryTerm;

export type QueryTerm = TextTerm | StateTerm | NameTerm | NumberTerm | TimeTerm | PathTerm;

/** Consecutive words in the text of a task; `any` searches all its texts. */
export interface TextTerm {
  kind: 'text';
  scope: TextScope;
  text: string;
  /** The last word is a prefix. */
  prefix: boolean;
}

export type TextScope = 'any' | 'input' | 'result' | 'error' | 'log';

export interface StateTerm {
  kind: 'state';
  state: TaskState;
}

/** Case-insensitive equality, or the prefix `text`; an empty prefix matches any value. */
export interface NameTerm {
  kind: 'name';
  field: NameField;
  text: string;
  prefix: boolean;
}

export type NameField = 'type' | 'queue' | 'worker' | 'tag' | 'id' | 'origin' | 'group' | 'error.code';

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

/** A value at a path of the input or the result; `path` is in lower case, joined by dots. */
export interface PathTerm {
  kind: 'path';
  root: 'input' | 'result';
  path: string;
  test: Test<PathValue> | { op: 'prefix'; text: string } | { op: 'exists' };
}

export type Test<Value> =
  { op: '=' | '<' | '<=' | '>' | '>='; value: Value } | { op: 'range'; from?: Value; to?: Value };

/**
 * A date stands for the time it covers: `2026-11-22` for the day [`from`, `to`) (ms, UTC). An age is relative to the
 * time of the query, so `<1h` means younger than an hour.
 */
export type Moment = { kind: 'age'; ms: number } | { kind: 'date'; text: string; from: number; to: number };

/** `number` is present when the value is written as a number; `=` then also finds the same digits as text. */
export interface PathValue {
  text: string;
  number?: number;
  /** The same as `text`, for a number that no double represents exactly. */
  digits?: string;
}

export const SORT_FIELDS = ['created', 'finished', 'wait', 'run', 'attempts', 'type', 'state'] as const;

export type SortField = (typeof SORT_FIELDS)[number];

export interface Sort {
  field: SortField;
  descending: boolean;
}

export const NEWEST_FIRST: Sort = { field: 'created', descending: true };
