import { isFinished } from '../../../model/states.js';
import type { Redaction } from '../../../platform/redaction/redaction.js';
import { stateCode } from './codes.js';
import { scrubOfBodies } from './redact-text.js';
import { foldValue, indexBody, type IndexedBody, type IndexedValue } from './indexed-values.js';
import type { Settling, TaskRow } from '../../ports/rows.js';
import type { StoredTask } from './stored-task.js';
import { WORD, type Names } from './names.js';

/**
 * Maximum length of an input or result in a task's own row, UTF-16 units; longer ones would slow down every walk over
 * tasks.
 */
export const MAX_INLINE_LENGTH = 1000;
/** Default maximum length of a stored body. */
export const MAX_BODY_LENGTH = 1_000_000;
const MAX_ERROR_MESSAGE = 4000;

export const CUT = { input: 1, result: 2, wholeInput: 4, wholeResult: 8 } as const;

/** Path of the tags in `facts`. No input can have this path, because input paths begin with their root. */
export const TAG_PATH = 'tag';
/** Path of the codes of the error and its causes. */
export const CODE_PATH = 'error.code';

/** A value that is searchable by its path. */
export type Fact = [path: number, value: IndexedValue];

export interface MergedTask {
  before: StoredTask | undefined;
  now: StoredTask;
  /** New bodies that are too long for the row. */
  body: { input?: string; result?: string } | undefined;
  facts: Fact[] | undefined;
  /** Index texts of input and result, when one of them is new. */
  texts: { input: string; result: string } | undefined;
  /** Copied from the row. */
  settled: Settling[] | undefined;
  putBackAt: number | undefined;
}

/** Loads a whole body from `bodies`. */
export type LoadBody = (task: number, which: 'input' | 'result') => string | null;

type BodyOf = (which: 'input' | 'result') => string | null | undefined;

interface MergeOptions {
  words: Names;
  redaction: Redaction;
  bodyLength: number;
  load: LoadBody;
  /** Creation time of a task that has none of its own. */
  createdAt: number;
  number: (created: number) => number;
}

/** Merges `row` into the stored row `before` and returns the new row. */
export function mergeTask(
  before: StoredTask | undefined,
  newRow: TaskRow,
  options: MergeOptions,
): MergedTask {
  const row = withoutInvalidNumbers(newRow);
  const { words } = options;
  const { state } = row;
  const settled = isFinished(state);
  const input = pick(row.input, before?.input);
  const result = state === 'completed' ? pick(row.result, before?.result) : null;
  const failure = state === 'failed' ? row.error : null;
  const now: StoredTask = {
    no: before?.no ?? 0,
    id: row.id,
    queue: before?.queue ?? words.idOf(WORD.queue, row.queue),
    type:
      row.type === undefined ? (before?.type ?? words.idOf(WORD.type, '')) : words.idOf(WORD.type, row.type),
    state: stateCode(state),
    worker: row.worker
      ? words.idOf(WORD.worker, row.worker)
      : row.worker === null
        ? 0
        : (before?.worker ?? 0),
    priority: row.priority ?? before?.priority ?? 0,
    attempts_made: row.attemptsMade ?? before?.attempts_made ?? 0,
    attempts_max: row.attemptsMax ?? before?.attempts_max ?? 1,
    created: row.createdAt ?? before?.created ?? options.createdAt,
    delay_until: state === 'delayed' ? pick(row.delayUntil, before?.delay_until) : null,
    expires: pick(row.expiresAt, before?.expires),
    started: pick(row.startedAt, before?.started),
    finished: settled ? pick(row.finishedAt, before?.finished) : null,
    wait_ms: pick(row.waitMs, before?.wait_ms),
    run_ms: settled ? pick(row.runMs, before?.run_ms) : null,
    error_name:
      failure === undefined
        ? (before?.error_name ?? null)
        : failure && words.idOf(WORD.errorName, failure.name),
    error_message:
      failure === undefined
        ? (before?.error_message ?? null)
        : (failure?.message.slice(0, MAX_ERROR_MESSAGE) ?? null),
    error_group: before?.error_group ?? null,
    tags:
      row.tags === undefined ? (before?.tags ?? null) : row.tags.length > 0 ? JSON.stringify(row.tags) : null,
    origin: pick(row.origin, before?.origin),
    progress:
      row.progress === undefined ? (before?.progress ?? null) : row.progress && JSON.stringify(row.progress),
    cancelled:
      state === 'cancelled' ? pick(row.cancelled && JSON.stringify(row.cancelled), before?.cancelled) : null,
    options: pick(row.options, before?.options),
    input_bytes: before?.input_bytes ?? 0,
    result_bytes: result === null ? 0 : (before?.result_bytes ?? 0),
    input,
    result,
    cut: before ? before.cut & ~(result === null ? CUT.result | CUT.wholeResult : 0) : 0,
    facts: before?.facts ?? null,
    text_hash: before?.text_hash ?? 0,
    transitions: before?.transitions ?? null,
    attempt_version: null,
  };
  if (!before) now.no = options.number(now.created);
  const merged: MergedTask = {
    before,
    now,
    body: undefined,
    facts: undefined,
    texts: undefined,
    settled: row.settled,
    putBackAt: row.putBackAt,
  };
  placeBody(merged, 'input', row.input, row.inputBytes, options.bodyLength);
  if (state === 'completed') placeBody(merged, 'result', row.result, row.resultBytes, options.bodyLength);
  const isNew =
    !before ||
    now.input !== before.input ||
    now.result !== before.result ||
    now.tags !== before.tags ||
    merged.body;
  if (isNew) reindex(merged, row, options);
  else if (failure !== undefined && (failure?.codes || before.error_message !== null))
    setFacts(merged, [...bodyFactsOf(before.facts, words), ...codeFacts(merged, row, options)]);
  return merged;
}

/** Stores a new body: in the row, or its beginning in the row and the whole in `bodies`. */
function placeBody(
  merged: MergedTask,
  which: 'input' | 'result',
  json: string | null | undefined,
  bytes: number | undefined,
  limit: number,
): void {
  const { before, now } = merged;
  if (json === undefined || json === null) return;
  const known = before?.[which];
  const size = bytes ?? Buffer.byteLength(json);
  // A long stored body with the same size and beginning counts as unchanged.
  const same = known === json.slice(0, MAX_INLINE_LENGTH) && before?.[`${which}_bytes`] === size;
  if (same) {
    now[which] = known;
    return;
  }
  now[`${which}_bytes`] = size;
  now.cut &= ~(CUT[which] | (which === 'input' ? CUT.wholeInput : CUT.wholeResult));
  if (json.length <= MAX_INLINE_LENGTH && size <= Buffer.byteLength(json)) return;
  now[which] = json.slice(0, MAX_INLINE_LENGTH);
  now.cut |= CUT[which];
  if (json.length > limit || size > Buffer.byteLength(json))
    now.cut |= which === 'input' ? CUT.wholeInput : CUT.wholeResult;
  merged.body = { ...merged.body, [which]: json.slice(0, limit) };
}

function reindex(merged: MergedTask, row: TaskRow, options: MergeOptions): void {
  const { words, redaction } = options;
  const { texts, facts } = indexTask(bodyOf(merged, row, options), merged.now.tags, words, redaction);
  merged.texts = texts;
  const isErrorKnown = row.state !== 'failed' || row.error !== undefined;
  const codes = isErrorKnown
    ? codeFacts(merged, row, options)
    : codeFactsOf(merged.before?.facts ?? null, words);
  setFacts(merged, [...facts, ...codes]);
}

function bodyOf({ now }: MergedTask, row: TaskRow, { load }: MergeOptions): BodyOf {
  return (which) => {
    if (which === 'result' && row.state !== 'completed') return null;
    if (typeof row[which] === 'string') return row[which];
    return now.cut & CUT[which] ? load(now.no, which) : now[which];
  };
}

function setFacts(merged: MergedTask, facts: Fact[]): void {
  merged.facts = facts;
  merged.now.facts = facts.length > 0 ? JSON.stringify(facts) : null;
}

/** Omits codes that a rule redacts elsewhere in the task. */
function codeFacts(merged: MergedTask, row: TaskRow, options: MergeOptions): Fact[] {
  const codes = (row.state === 'failed' && row.error?.codes) || [];
  const path = codes.length > 0 ? options.words.pathId(CODE_PATH) : undefined;
  if (path === undefined) return [];
  const scrub = scrubOfBodies(options.redaction, bodyOf(merged, row, options));
  const found = codes.filter((code) => scrub.text(code) === code).map(foldValue);
  return [...new Set(found)].map((code): Fact => [path, code]);
}

/** Facts that come from the task's error. */
export function codeFactsOf(json: string | null, words: Names): Fact[] {
  const path = words.find(WORD.path, CODE_PATH);
  return factsOf(json).filter(([of]) => of === path);
}

function bodyFactsOf(json: string | null, words: Names): Fact[] {
  const path = words.find(WORD.path, CODE_PATH);
  return factsOf(json).filter(([of]) => of !== path);
}

/** `facts` is indexed by path and value only, so the row itself lists its facts. */
export function factsOf(json: string | null): Fact[] {
  return json === null ? [] : (JSON.parse(json) as Fact[]);
}

/** Builds all index content of a task except its errors and log lines. */
export function indexTask(
  body: BodyOf,
  tags: string | null,
  words: Names,
  rules: Redaction,
): { texts: { input: string; result: string }; facts: Fact[] } {
  const bodies = indexBodies(body, rules);
  return { texts: textsOf(bodies), facts: toFacts(bodies, tags, words) };
}

/** Builds the free text of the bodies. */
export function indexTexts(body: BodyOf, rules: Redaction): { input: string; result: string } {
  return textsOf(indexBodies(body, rules));
}

function indexBodies(body: BodyOf, rules: Redaction): [input: IndexedBody, result: IndexedBody] {
  return [
    indexBody('input', body('input'), rules),
    indexBody('result', body('result'), rules, scrubOfBodies(rules, body)),
  ];
}

function textsOf([input, result]: [IndexedBody, IndexedBody]): { input: string; result: string } {
  return { input: input.text, result: result.text };
}

function toFacts(bodies: IndexedBody[], tags: string | null, words: Names): Fact[] {
  const facts: Fact[] = [];
  const add = (name: string, value: IndexedValue) => {
    const path = words.pathId(name);
    if (path === undefined || facts.some((fact) => fact[0] === path && fact[1] === value)) return;
    facts.push([path, value]);
  };
  for (const body of bodies) for (const [path, value] of body.values) add(path, value);
  for (const tag of tags ? (JSON.parse(tags) as string[]) : []) add(TAG_PATH, foldValue(tag));
  return facts;
}

/** Drops invalid times and counts of a damaged job. */
function withoutInvalidNumbers(row: TaskRow): TaskRow {
  let valid = row;
  for (const name of NUMBERS) {
    const number = row[name];
    if (number === undefined || number === null || Math.abs(number) <= MAX_DATE_MS) continue;
    if (valid === row) valid = { ...row };
    delete valid[name];
  }
  return valid;
}

const NUMBERS = [
  'createdAt', 'delayUntil', 'expiresAt', 'startedAt', 'finishedAt', 'waitMs', 'runMs', 'attemptsMade', 'attemptsMax', 'priority',
  'inputBytes', 'resultBytes',
] as const; // prettier-ignore
/** Maximum of a Date, ms. */
const MAX_DATE_MS = 8.64e15;

function pick<Value>(given: Value | null | undefined, before: Value | null | undefined): Value | null {
  return given === undefined ? (before ?? null) : given;
}
