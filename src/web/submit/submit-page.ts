import type { FormField, TaskType } from '../../registry/task-type.js';
import type { FieldProblem } from '../../model/errors.js';
import { hasHidden } from '../../platform/redaction/redaction.js';
import { Digits, toIndentedJson } from '../../model/lenient-json.js';
import type { TaskView } from '../../model/task-view.js';
import { type OptionField, type OptionValues, toFormPath } from './options-form.js';
import { type TaskRow, toTaskRow } from '../kit/task-row.js';
import { shortId } from '../kit/format.js';
import { idInPath } from '../../bullmq/task-ids.js';

/** Part of a task type that its card shows. */
export type FormType = Pick<
  TaskType,
  'name' | 'title' | 'summary' | 'queue' | 'attempts' | 'backoff' | 'fields'
>;

/** State of a form: fresh, filled from an older task, or returned with problems. */
export interface FormFilling {
  type: string;
  /** Typed texts, shown again unchanged. */
  typed?: Record<string, string>;
  /** Input of an older task to start from. */
  input?: Record<string, unknown>;
  options?: OptionValues;
  problems?: FieldProblem[];
  /** Problem of the whole form, such as an unavailable Redis. */
  trouble?: { title: string; detail: string };
  /** Task that this form was filled from. */
  origin?: TaskView;
  key?: string;
}

interface ControlView {
  id: string;
  name: string;
  title: string;
  help?: string;
  unit?: string;
  required: boolean;
  multiline: boolean;
  ticked?: boolean;
  isCheckbox: boolean;
  choices?: { value: string; label: string; selected: boolean }[];
  value: string;
  placeholder?: string;
  maxLength?: number;
  inputMode?: string;
  wide: boolean;
  problem?: string;
  describedBy?: string;
}

interface CardView {
  name: string;
  title: string;
  monogram: string;
  summary: string;
  queue: string;
  attempts: number;
  open: boolean;
  key: string;
  fields: ControlView[];
  optionsOpen: boolean;
  options: Record<OptionField, { value: string; problem?: string }>;
  units: { value: string; label: string; delay: boolean; expires: boolean }[];
  backoffs: { value: string; label: string; selected: boolean }[];
  summaryProblems: { href: string; label: string; message: string }[];
  trouble?: { title: string; detail: string };
  /** `hasHidden`: some of its input is redacted and was not filled in. */
  origin?: { id: string; short: string; href: string; hasHidden?: boolean };
}

export interface SubmitPage {
  cards: CardView[];
  newest: TaskRow[];
  /** False if Redis is unavailable: the forms are shown, the list of tasks is not. */
  listKnown: boolean;
}

const UNITS = [
  { value: 's', label: 'seconds' },
  { value: 'm', label: 'minutes' },
  { value: 'h', label: 'hours' },
  { value: 'd', label: 'days' },
];

export function toSubmitPage(
  types: FormType[],
  newest: TaskView[] | null,
  filling: FormFilling | undefined,
  newKey: () => string,
): SubmitPage {
  const openType = filling?.type ?? types[0]?.name;
  return {
    cards: types.map((type) => {
      const own = filling?.type === type.name ? filling : undefined;
      return toCard(type, own, type.name === openType, own?.key ?? newKey());
    }),
    newest: (newest ?? []).map((task) => toTaskRow(task, '/submit')),
    listKnown: newest !== null,
  };
}

function toCard(type: FormType, filling: FormFilling | undefined, open: boolean, key: string): CardView {
  const problems = (filling?.problems ?? []).map((one) => ({ ...one, path: toFormPath(one.path) }));
  const typedOptions = filling?.options ?? {};
  const option = (name: OptionField, fallback = '') => ({
    value: typedOptions[name] ?? fallback,
    problem: messageOf(problems, `options.${name}`),
  });
  const fields = type.fields.map((field) =>
    toControl(type, field, filling, messageOf(problems, `input.${field.name}`)),
  );
  const labels = new Map(type.fields.map((field) => [`input.${field.name}`, field.title]));
  const origin = filling?.origin;
  return {
    name: type.name,
    title: type.title,
    monogram: toMonogram(type.title),
    summary: type.summary,
    queue: type.queue,
    attempts: type.attempts,
    open,
    key,
    fields,
    optionsOpen:
      Object.keys(typedOptions).some((name) => !(name in DEFAULTS)) || problems.some(isOptionProblem),
    options: {
      delay: option('delay'),
      delayUnit: option('delayUnit', 's'),
      runAt: option('runAt'),
      runAtZone: option('runAtZone', DEFAULTS.runAtZone),
      priority: option('priority'),
      attempts: option('attempts'),
      backoff: option('backoff'),
      backoffDelay: option('backoffDelay'),
      backoffMax: option('backoffMax'),
      softTimeout: option('softTimeout'),
      hardTimeout: option('hardTimeout'),
      expires: option('expires'),
      expiresUnit: option('expiresUnit', DEFAULTS.expiresUnit),
      tags: option('tags'),
    },
    units: UNITS.map((unit) => ({
      ...unit,
      delay: unit.value === (typedOptions.delayUnit ?? DEFAULTS.delayUnit),
      expires: unit.value === (typedOptions.expiresUnit ?? DEFAULTS.expiresUnit),
    })),
    backoffs: [
      { value: '', label: `as usual (${type.backoff.type})` },
      { value: 'fixed', label: 'fixed' },
      { value: 'exponential', label: 'exponential' },
    ].map((one) => ({ ...one, selected: one.value === (typedOptions.backoff ?? '') })),
    summaryProblems: problems.map((one) => ({
      href: `#${controlId(type.name, one.path)}`,
      label: labels.get(topOf(one.path)) ?? OPTION_LABELS[one.path.split('.')[1] ?? ''] ?? one.path,
      message: one.message,
    })),
    trouble: filling?.trouble,
    origin: origin && {
      id: origin.id,
      short: shortId(origin.id),
      href: `/tasks/${idInPath(origin.id)}`,
      ...(hasHidden(origin.input) ? { hasHidden: true } : {}),
    },
  };
}

/** Initial values of the option fields. */
const DEFAULTS = { delayUnit: 's', runAtZone: 'UTC', expiresUnit: 'm' };

const OPTION_LABELS: Record<string, string> = {
  delay: 'Start after',
  runAt: 'Start at',
  runAtZone: 'Time zone',
  priority: 'Priority',
  attempts: 'Attempts',
  backoff: 'Pause between attempts',
  backoffDelay: 'First pause',
  backoffMax: 'Longest pause',
  softTimeout: 'Ask to stop after',
  hardTimeout: 'Fail after',
  expires: 'Give up unless started within',
  tags: 'Tags',
};

function toControl(
  type: FormType,
  field: FormField,
  filling: FormFilling | undefined,
  problem?: string,
): ControlView {
  const id = controlId(type.name, `input.${field.name}`);
  const value = filling?.typed
    ? (filling.typed[field.name] ?? '')
    : toText(filling?.input ? valueIn(filling.input, field) : field.prefill, field);
  const numeric = field.kind === 'integer' || field.kind === 'number';
  return {
    id,
    name: `input.${field.name}`,
    title: field.title,
    help: field.help,
    unit: field.unit,
    required: field.required,
    multiline: field.kind === 'textarea' || field.kind === 'json',
    isCheckbox: field.kind === 'boolean',
    ticked: value === 'true',
    choices: field.choices?.map((choice) => ({ ...choice, selected: choice.value === value })),
    value,
    placeholder: field.placeholder,
    maxLength: field.kind === 'text' ? field.maxLength : undefined,
    inputMode: numeric
      ? field.kind === 'integer' && (field.min ?? -1) >= 0
        ? 'numeric'
        : 'decimal'
      : undefined,
    wide: !numeric && field.kind !== 'select' && field.kind !== 'boolean',
    problem,
    describedBy:
      [problem && `${id}-problem`, field.help && `${id}-help`].filter(Boolean).join(' ') || undefined,
  };
}

/**
 * Returns the field's value in that task: its default if it was not sent, because inputs are stored as sent.
 */
function valueIn(input: Record<string, unknown>, { name, default: standard }: FormField): unknown {
  return Object.hasOwn(input, name) ? input[name] : standard;
}

/** Formats a value as typed text. Forms only have texts, JSON has more types. */
function toText(value: unknown, field: FormField): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'string') return field.kind === 'json' ? JSON.stringify(value) : value;
  if (value instanceof Digits) return value.text;
  return typeof value === 'object' ? toIndentedJson(value) : String(value);
}

function messageOf(problems: FieldProblem[], path: string): string | undefined {
  return problems.find((one) => one.path === path || topOf(one.path) === path)?.message;
}

/** Returns `input.a` for `input.a.b[2]`. */
function topOf(path: string): string {
  return path.split(/[.[]/).slice(0, 2).join('.');
}

function isOptionProblem(problem: FieldProblem): boolean {
  return problem.path.startsWith('options.');
}

function controlId(type: string, path: string): string {
  return `${type}-${topOf(path).replace('.', '-')}`;
}

/** Returns two letters for a card: `Di` for Divide, `Pt` for Process text. */
function toMonogram(title: string): string {
  const words = title.trim().split(/\s+/);
  const letters = words.length > 1 ? words[0]!.slice(0, 1) + words[1]!.slice(0, 1) : title.slice(0, 2);
  return letters.slice(0, 1).toUpperCase() + letters.slice(1).toLowerCase();
}
