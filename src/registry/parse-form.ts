import type { FieldProblem } from '../model/errors.js';
import { numberMessage, parseExactJson, toPath } from '../model/exact-json.js';
import { isExactNumber } from '../model/exact-number.js';
import type { FormField, TaskType } from './task-type.js';

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
const TRUE = new Set(['true', 'on', '1', 'yes']);
const FALSE = new Set(['false', 'off', '0', 'no', '']);

/**
 * The strings of a posted form as raw input. Nothing is refused here: what cannot be read as its kind
 * stays the text it was, for validation to complain about and for the form to show again.
 *
 * - A field that is not there or empty is left out, but for required text, which stays empty.
 * - A checkbox that is not there is `false`: browsers leave unchecked ones out. So a form must show all boolean fields.
 * - A name sent more than once counts with its last value.
 * - Keys that are no fields are passed over, as forms carry more than the input.
 */
export function parseForm(
  type: Pick<TaskType, 'fields' | 'schema'>,
  form: Record<string, unknown>,
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const field of type.fields) {
    const sent = Object.hasOwn(form, field.name) ? form[field.name] : undefined;
    const value = parseField(field, type, Array.isArray(sent) ? sent.at(-1) : sent);
    if (value !== undefined) input[field.name] = value;
  }
  return input;
}

/** Lists form values that a number or JSON can't hold exactly. */
export function formProblems(
  { fields }: Pick<TaskType, 'fields'>,
  form: Record<string, unknown>,
): FieldProblem[] {
  return fields.flatMap(({ name, kind }) => {
    const sent = Object.hasOwn(form, name) ? form[name] : undefined;
    const text = String((Array.isArray(sent) ? sent.at(-1) : sent) ?? '').trim();
    const path = `input.${name}`;
    if (kind === 'integer' || kind === 'number')
      return NUMBER.test(text) && !isExactNumber(text) ? [{ path, message: numberMessage(text) }] : [];
    return kind === 'json'
      ? faultsOf(text).map((fault) => ({ ...fault, path: toPath(fault.path, path) }))
      : [];
  });
}

function faultsOf(text: string) {
  try {
    return parseExactJson(text).faults.map(({ path, message }) => ({ path, message }));
  } catch {
    return [];
  }
}

function parseField(field: FormField, { schema }: Pick<TaskType, 'schema'>, sent: unknown): unknown {
  if (sent === undefined) return field.kind === 'boolean' ? false : undefined;
  // Not from a form at all (a JSON body, a prefill): already a value.
  if (typeof sent !== 'string') return sent;
  switch (field.kind) {
    case 'boolean':
      return parseBoolean(sent);
    case 'integer':
    case 'number':
      return parseNumber(sent.trim());
    case 'select':
      return parseChoice(sent, schema.properties?.[field.name]?.enum ?? []);
    case 'json':
      return parseJson(sent.trim());
    case 'text':
      return emptyLeftOut(sent.trim(), field);
    case 'textarea':
      // Browsers post line ends as CR LF, whatever was typed or pasted.
      return emptyLeftOut(sent.replace(/\r\n?/g, '\n'), field);
  }
}

function emptyLeftOut(text: string, field: FormField): string | undefined {
  return text === '' && !field.required ? undefined : text;
}

function parseBoolean(text: string): boolean | string {
  const word = text.trim().toLowerCase();
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : text;
}

function parseNumber(text: string): number | string | undefined {
  if (text === '') return undefined;
  return NUMBER.test(text) && isExactNumber(text) ? Number(text) : text;
}

function parseChoice(text: string, values: unknown[]): unknown {
  const match = values.find((value) => value !== null && String(value) === text);
  if (match !== undefined) return match;
  return text === '' ? undefined : text;
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    const { value, faults } = parseExactJson(text);
    return faults.length > 0 ? text : value;
  } catch {
    return text;
  }
}
