import type { BulkPreview } from '../../bulk/bulk-preview.js';
import { QUEUE_NAMES } from '../../contract/queues.js';
import { BULK_WORDS } from './bulk-words.js';
import { formatNumber, plural } from './format.js';
import { toTaskRow, type TaskRow } from './task-row.js';
import type { Refusal } from './trouble.js';

/** More tasks than this are deleted only by who types how many. */
export const TYPED_FROM = 1000;

export interface BulkConfirm {
  action: string;
  title: string;
  what: string;
  button: string;
  icon: string;
  dangerous: boolean;
  /** What it hits, by state, and what it leaves. */
  hits: { state: string; count: number; note: string; applies: boolean; href?: string }[];
  others: { count: number; why: string }[];
  /** Of how many, where it does not apply to all. */
  of?: string;
  rows: TaskRow[];
  sampleWords: string;
  gone?: string;
  q?: string;
  listHref: string;
  ids: readonly string[];
  queues: { value: string; selected: boolean }[];
  typeNumber?: string;
  values: Record<string, string | undefined>;
  wrong: Record<string, string>;
  back: string;
  nothing: boolean;
  refusal?: Refusal;
}

interface Asked {
  ids?: readonly string[];
  back: string;
  to: string;
  typed: Record<string, string | undefined>;
}

export function toBulkConfirm(
  preview: BulkPreview,
  { ids = [], back, to, typed }: Asked,
  refusal?: Refusal,
): BulkConfirm {
  const { action, applies, total, q } = preview;
  const words = BULK_WORDS[action];
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
    queues: action === 'move' ? QUEUE_NAMES.map((value) => ({ value, selected: value === to })) : [],
    typeNumber: action === 'delete' && applies > TYPED_FROM ? formatNumber(applies) : undefined,
    values: { ...typed, count: String(applies) },
    wrong: Object.fromEntries((refusal?.trouble.fields ?? []).map((field) => [field.path, field.message])),
    back,
    nothing: applies === 0,
    refusal,
  };
}

/** `1,234`, `1 234` and `1234` are the same number. */
export function isNumber(text: string | undefined, count: string | undefined): boolean {
  return text !== undefined && text.replaceAll(/[\s.,'’\u00a0\u202f]/g, '') === count;
}
