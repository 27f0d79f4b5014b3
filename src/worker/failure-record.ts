import { isNativeError } from 'node:util/types';
import type { TaskFailure } from '../model/task-view.js';
import { withoutTerminalCodes } from '../model/terminal-codes.js';
import { cutText, ErrorDetails, tryRead } from './error-details.js';

const MAX_NAME_LENGTH = 200;
const MAX_CODE_LENGTH = 100;
/** Bounds in characters of the error itself, and of each of its causes and inner errors. */
const OUTER_BOUNDS = { message: 8_000, stack: 16_000, details: 4_000 };
const INNER_BOUNDS = { message: 2_000, stack: 4_000, details: 1_000 };
/** Maximum size of all causes and inner errors together, in characters, approximate. */
const MAX_INNER_LENGTH = 40_000;
/** Maximum number of errors stored of a chain: the first ones and the last. */
const MAX_CHAIN_LENGTH = 8;
/** Maximum number of causes followed to find the last one. */
const MAX_FOLLOWED = 1_000;
const MAX_ERRORS = 10;
/** Maximum number of errors in one record, at any depth. */
const MAX_RECORDED = 30;

/** Properties with their own fields in the record. */
const RECORD_FIELDS = new Set(['name', 'message', 'stack', 'code', 'cause']);
const RECORD_FIELDS_WITH_ERRORS = new Set([...RECORD_FIELDS, 'errors']);

/** Converts any thrown value, from any realm or library, to data of bounded size. Never throws. */
export function toFailureRecord(thrown: unknown): TaskFailure {
  if (isError(thrown)) return new FailureRecorder().chain(thrown, OUTER_BOUNDS);
  const message = cut(describe(thrown), OUTER_BOUNDS.message);
  return { name: 'Error', message, stack: `Error: ${message}` };
}

class FailureRecorder {
  private left = MAX_INNER_LENGTH;
  private recorded = 0;
  private readonly seen = new Set<unknown>();

  /** Records an error with its causes and their inner errors. */
  chain(first: unknown, bounds: typeof OUTER_BOUNDS): TaskFailure {
    const values = this.follow(first);
    const omitted = Math.max(0, values.length - MAX_CHAIN_LENGTH);
    values.splice(MAX_CHAIN_LENGTH - 1, omitted);
    // Records the whole chain before the inner errors: the last cause matters most and must have room.
    const chain = values.map((value, i) => this.toFailure(value, i === 0 ? bounds : INNER_BOUNDS));
    values.forEach((value, i) => this.addErrors(chain[i]!, value));
    if (omitted > 0) chain[MAX_CHAIN_LENGTH - 2]!.omittedCauses = omitted;
    return chain.reduceRight((cause, failure) => ({ ...failure, cause }));
  }

  private follow(first: unknown): unknown[] {
    const values: unknown[] = [];
    for (let value = first; values.length < MAX_FOLLOWED; value = read(value, 'cause')) {
      // Stops at a missing cause, at a cycle, and at a `cause` method such as VError's.
      if (values.length > 0 && (value === undefined || value === null || typeof value === 'function')) break;
      if (typeof value === 'object' && this.seen.has(value)) break;
      this.seen.add(value);
      values.push(value);
    }
    return values;
  }

  private toFailure(value: unknown, bounds: typeof OUTER_BOUNDS): TaskFailure {
    this.recorded++;
    const isOuter = bounds === OUTER_BOUNDS;
    const capped = (max: number) => (isOuter ? max : Math.max(0, Math.min(max, this.left)));
    if (!isError(value)) {
      const message = cut(describeInner(value), Math.max(200, capped(bounds.message)));
      this.left -= message.length;
      return { name: 'Error', message };
    }
    const name = nameOf(value);
    const message = cut(messageOf(value), Math.max(200, capped(bounds.message))) || '(no message)';
    const code = codeOf(value);
    const details = new ErrorDetails(capped(bounds.details)).of(
      value,
      innerErrors(value) ? RECORD_FIELDS_WITH_ERRORS : RECORD_FIELDS,
    );
    const given = plain(read(value, 'stack'));
    const stack = cut(given ?? '', capped(bounds.stack)) || (isOuter ? `${name}: ${message}` : '');
    if (!isOuter) this.left -= message.length + stack.length + (details ? JSON.stringify(details).length : 0);
    return {
      name,
      message,
      ...(stack ? { stack } : {}),
      ...(code === undefined ? {} : { code }),
      ...(details ? { details } : {}),
    };
  }

  private addErrors(failure: TaskFailure, value: unknown): void {
    const all = isError(value) ? (innerErrors(value) ?? []) : [];
    const errors: TaskFailure[] = [];
    let checked = 0;
    for (; checked < all.length && errors.length < MAX_ERRORS && this.recorded < MAX_RECORDED; checked++) {
      const inner = tryRead(() => all[checked]);
      if (typeof inner === 'object' && inner !== null && this.seen.has(inner)) continue;
      errors.push(this.chain(inner, INNER_BOUNDS));
    }
    if (errors.length > 0) failure.errors = errors;
    if (checked < all.length) failure.omittedErrors = all.length - checked;
  }
}

/** Returns true for an error of any realm, or an object that libraries use as one. */
function isError(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return (
    isNativeError(value) ||
    tryRead(() => value instanceof Error) === true ||
    typeof read(value, 'message') === 'string'
  );
}

/** Returns the errors of an AggregateError or a similar class, or both errors of a SuppressedError. */
function innerErrors(error: object): unknown[] | undefined {
  const errors = read(error, 'errors');
  if (tryRead(() => Array.isArray(errors)) === true) return errors as unknown[];
  if (read(error, 'name') !== 'SuppressedError') return undefined;
  return [read(error, 'error'), read(error, 'suppressed')];
}

function nameOf(error: object): string {
  const given = read(error, 'name');
  if (typeof given === 'string' && given.trim() !== '')
    return cutText(withoutTerminalCodes(given), MAX_NAME_LENGTH);
  const made = isNativeError(error) ? undefined : read(read(error, 'constructor'), 'name');
  return typeof made === 'string' && made !== '' && made !== 'Object'
    ? cutText(made, MAX_NAME_LENGTH)
    : 'Error';
}

function messageOf(error: object): string {
  const message = read(error, 'message');
  if (message === undefined || message === null) return '';
  return typeof message === 'string' ? withoutTerminalCodes(message) : describeInner(message);
}

function codeOf(error: object): string | undefined {
  const code = read(error, 'code');
  // The numeric codes of a DOMException belong to its class and are older than its names.
  const isOwn = tryRead(() => Object.hasOwn(error, 'code')) === true;
  if (typeof code === 'string' ? code === '' : !(isOwn && typeof code === 'number')) return undefined;
  return cutText(withoutTerminalCodes(String(code)), MAX_CODE_LENGTH);
}

function plain(text: unknown): string | undefined {
  return typeof text === 'string' ? withoutTerminalCodes(text) : undefined;
}

function describe(thrown: unknown): string {
  if (typeof thrown === 'string') return withoutTerminalCodes(thrown) || '(no message)';
  const kind = thrown === null ? 'null' : typeof thrown;
  const what = kind === 'object' ? 'an object' : kind;
  const value = typeof thrown === 'object' && thrown !== null ? describeInner(thrown) : valueText(thrown);
  return `The handler threw ${what} that is not an error${value ? `: ${value}` : ''}`;
}

function describeInner(value: unknown): string {
  if (typeof value !== 'object' || value === null) return withoutTerminalCodes(String(value));
  return tryRead(() => JSON.stringify(new ErrorDetails(OUTER_BOUNDS.details).value(value))) ?? '';
}

/** Returns an empty text if the type alone describes the value. */
function valueText(value: unknown): string {
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'bigint':
    case 'symbol':
      return withoutTerminalCodes(String(value));
    case 'function':
      return value.name;
    default:
      return '';
  }
}

function read(from: unknown, name: string): unknown {
  if (typeof from !== 'object' && typeof from !== 'function') return undefined;
  return tryRead(() => (from as Record<string, unknown> | null)?.[name]);
}

function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = `… (cut, ${text.length} characters)`;
  return max <= end.length ? '' : text.slice(0, max - end.length) + end;
}
