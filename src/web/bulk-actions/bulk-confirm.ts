import type { BulkPreview } from '../../bulk-actions/bulk-actions.openapi.js';
import { BULK_LABELS } from './bulk-labels.js';
import { formatNumber, plural } from '../kit/format.js';
import { toTaskRow, type TaskRow } from '../kit/task-row.js';
import type { RefusedForm } from '../kit/form-error.js';

/** Number of tasks above which a delete requires typing the count. */
export const TYPED_COUNT_THRESHOLD = 1000;

export interface BulkConfirm {
  action: string;
  title: string;
  what: string;
  button: string;
  icon: string;
  dangerous: boolean;
  /** Tasks by state: those that the action applies to, and those that it skips. */
  hits: { state: string; count: number; note: string; applies: boolean; href?: string }[];
  others: { count: number; why: string }[];
  /** Total of the state, if the action does not apply to all of them. */
  of?: string;
  rows: TaskRow[];
  sampleWords: string;
  gone?: string;
  q?: string;
  listHref: string;
  ids: readonly string[];
  queues: { value: string; selected: boolean }[];
  typeNumber?: string;
  /** Time of the question, ms since 1970. Later tasks are not included. */
  asOf: number;
  values: Record<string, string | undefined>;
  wrong: Record<string, string>;
  back: string;
  nothing: boolean;
  refusal?: RefusedForm;
}

interface Asked {
  ids?: readonly string[];
  back: string;
  /** Queues that tasks can be moved to. */
  queues: readonly string[];
  to: string;
  asOf: number;
  typed: Record<string, string | undefined>;
}

export function toBulkConfirm(
  preview: BulkPreview,
  { ids = [], back, queues, to, asOf, typed }: Asked,
  refusal?: RefusedForm,
): BulkConfirm {
  const { action, applies, total, q } = preview;
  const words = BULK_LABELS[action];
  const found = (state: string) =>
    q === undefined
      ? undefined
      : `/tasks?${new URLSearchParams({ q: q === '' ? `state:${state}` : `(${q}) state:${state}` })}`;
  return {
    action,
    title: applies === 0 ? `Nothing to ${action}` : `${words.verb} ${plural(applies, 'task')}?`,
    what: words.what,
    button: `${words.verb} ${plural(applies, 'task')}`,
    icon: words.icon,
    dangerous: action === 'delete' || action === 'cancel',
    hits: preview.states.map(({ state, count, applies: hit, why }) => ({
      state,
      count,
      applies: hit,
      note: hit ? words.can : `stay: ${why}`,
      href: found(state),
    })),
    others: preview.others.map(({ count, why }) => ({ count, why: `stay: ${why}` })),
    of: applies < total ? `Of ${plural(total, 'task')}:` : undefined,
    rows: preview.sample.map((task) => toTaskRow(task, back)),
    sampleWords: total > preview.sample.length ? `The newest ${preview.sample.length} of them` : 'They are',
    gone:
      action !== 'delete' && preview.sampleGone > 0
        ? `${preview.sampleGone} of these ${preview.sample.length} are no longer in Redis: nothing can be done with such tasks, they are skipped.`
        : undefined,
    q,
    listHref: `/tasks?${new URLSearchParams({ q: q ?? '' })}`,
    ids,
    queues: action === 'move' ? queues.map((value) => ({ value, selected: value === to })) : [],
    typeNumber: action === 'delete' && applies > TYPED_COUNT_THRESHOLD ? formatNumber(applies) : undefined,
    asOf,
    values: { ...typed, count: String(applies) },
    wrong: Object.fromEntries((refusal?.trouble.fields ?? []).map((field) => [field.path, field.message])),
    back,
    nothing: applies === 0,
    refusal,
  };
}

/** Compares numbers and ignores separators: `1,234`, `1 234` and `1234` are equal. */
export function isNumber(text: string | undefined, count: string | undefined): boolean {
  return text !== undefined && text.replaceAll(/[\s.,'’\u00a0\u202f]/g, '') === count;
}
