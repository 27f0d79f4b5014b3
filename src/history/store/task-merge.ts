import { isSettled, type TaskState } from '../../contract/states.js';
import { stateCode } from './codes.js';
import { scrubOfBodies } from './hidden-words.js';
import { foldValue, indexBody, type IndexedBody, type IndexedValue } from './indexed-values.js';
import type { Settling, TaskRow } from './rows.js';
import type { TaskColumns } from './schema.js';
import { WORD, type Words } from './words.js';

/** Longest input or result in a task's own row, in UTF-16 units; longer ones would make every walk over tasks slower. */
export const INLINE_LENGTH = 1000;
/** Longest one kept at all, unless told otherwise. */
export const BODY_LENGTH = 1_000_000;
const MAX_ERROR_MESSAGE = 4000;

export const CUT = { input: 1, result: 2, wholeInput: 4, wholeResult: 8 } as const;

/** Path of the tags in `facts`: no input can have it, as theirs begin with their root. */
export const TAG_PATH = 'tag';

/** A value found by its path. */
export type Fact = [path: number, value: IndexedValue];

export interface MergedTask {
  before: TaskColumns | undefined;
  now: TaskColumns;
  /** Bodies too long for the row, where they are new. */
  body: { input?: string; result?: string } | undefined;
  facts: Fact[] | undefined;
  /** Of input and result, where one of them is new. */
  texts: { input: string; result: string } | undefined;
  /** As told. */
  settled: Settling[] | undefined;
  putBackAt: number | undefined;
}

/** A whole body that stands in `bodies`. */
export type LoadBody = (task: number, which: 'input' | 'result') => string | null;

type BodyOf = (which: 'input' | 'result') => string | null | undefined;

interface MergeOptions {
  words: Words;
  bodyLength: number;
  load: LoadBody;
  /** For a task nobody has told the creation time of. */
  createdAt: number;
  number: (created: number) => number;
}

/** The row that the file shall hold after `row`, given what it held before. */
export function mergeTask(before: TaskColumns | undefined, told: TaskRow, options: MergeOptions): MergedTask {
  const row = withoutNonsense(told);
  const { words } = options;
  const { state } = row;
  const settled = isSettled(state);
  const input = pick(row.input, before?.input);
  const result = state === 'completed' ? pick(row.result, before?.result) : null;
  const failure = state === 'failed' ? row.error : null;
  const now: TaskColumns = {
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
  if (isNew) reindex(merged, row, state, options);
  return merged;
}

/** Puts a body that is new where it belongs: into the row, or its beginning there and the whole beside it. */
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
  // A long body that was here already: the same size and beginning is taken for the same.
  const same = known === json.slice(0, INLINE_LENGTH) && before?.[`${which}_bytes`] === size;
  if (same) {
    now[which] = known;
    return;
  }
  now[`${which}_bytes`] = size;
  now.cut &= ~(CUT[which] | (which === 'input' ? CUT.wholeInput : CUT.wholeResult));
  if (json.length <= INLINE_LENGTH && size <= Buffer.byteLength(json)) return;
  now[which] = json.slice(0, INLINE_LENGTH);
  now.cut |= CUT[which];
  if (json.length > limit || size > Buffer.byteLength(json))
    now.cut |= which === 'input' ? CUT.wholeInput : CUT.wholeResult;
  merged.body = { ...merged.body, [which]: json.slice(0, limit) };
}

function reindex(merged: MergedTask, row: TaskRow, state: TaskState, { words, load }: MergeOptions): void {
  const { now } = merged;
  const whole = (which: 'input' | 'result') => {
    if (which === 'result' && state !== 'completed') return null;
    if (typeof row[which] === 'string') return row[which];
    return now.cut & CUT[which] ? load(now.no, which) : now[which];
  };
  const { texts, facts } = indexTask(whole, now.tags, words);
  merged.texts = texts;
  merged.facts = facts;
  now.facts = merged.facts.length > 0 ? JSON.stringify(merged.facts) : null;
}

/** All that a task is found by, but what it said. */
export function indexTask(
  body: BodyOf,
  tags: string | null,
  words: Words,
): { texts: { input: string; result: string }; facts: Fact[] } {
  const bodies = indexBodies(body);
  return { texts: textsOf(bodies), facts: toFacts(bodies, tags, words) };
}

/** What free text finds of the bodies. */
export function indexTexts(body: BodyOf): { input: string; result: string } {
  return textsOf(indexBodies(body));
}

function indexBodies(body: BodyOf): [input: IndexedBody, result: IndexedBody] {
  return [indexBody('input', body('input')), indexBody('result', body('result'), scrubOfBodies(body))];
}

function textsOf([input, result]: [IndexedBody, IndexedBody]): { input: string; result: string } {
  return { input: input.text, result: result.text };
}

function toFacts(bodies: IndexedBody[], tags: string | null, words: Words): Fact[] {
  const facts: Fact[] = [];
  const seen = new Set<string>();
  const keep = (name: string, value: IndexedValue) => {
    const path = words.pathId(name);
    const key = `${path} ${typeof value} ${value}`;
    if (path === undefined || seen.has(key)) return;
    seen.add(key);
    facts.push([path, value]);
  };
  for (const body of bodies) for (const [path, value] of body.values) keep(path, value);
  for (const tag of tags ? (JSON.parse(tags) as string[]) : []) keep(TAG_PATH, foldValue(tag));
  return facts;
}

/** Times and counts that are none, of a damaged job, count as not told. */
function withoutNonsense(row: TaskRow): TaskRow {
  if (!NUMBERS.some((name) => row[name] != null && !(Math.abs(row[name]) <= LARGEST))) return row;
  const sound = { ...row };
  for (const name of NUMBERS)
    if (sound[name] != null && !(Math.abs(sound[name]) <= LARGEST)) delete sound[name];
  return sound;
}

const NUMBERS = [
  'createdAt', 'delayUntil', 'expiresAt', 'startedAt', 'finishedAt', 'waitMs', 'runMs', 'attemptsMade', 'attemptsMax', 'priority',
  'inputBytes', 'resultBytes',
] as const; // prettier-ignore
/** Of what a Date can be, in ms. */
const LARGEST = 8.64e15;

function pick<Value>(given: Value | null | undefined, before: Value | null | undefined): Value | null {
  return given === undefined ? (before ?? null) : given;
}
