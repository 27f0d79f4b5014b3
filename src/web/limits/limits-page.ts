import type { TypeLimits } from '../../limits/limits.openapi.js';
import type { Limit } from '../../limits/limits.service.js';
import { formatNumber, plural } from '../kit/format.js';
import { type RefusedForm, formErrorAt } from '../kit/form-error.js';
import { UNIT_MS } from '../kit/duration-units.js';

interface ShownLimit {
  name: string;
  text: string;
  /** True if set at run time instead of by the task type. */
  override: boolean;
}

/** Limits of one task type as a row of a table. */
export interface LimitRow {
  elementId: string;
  type: string;
  title: string;
  queue: string;
  isolated: boolean;
  changeHref: string;
  limits: ShownLimit[];
  set?: { by: string; since: string; reason?: string; until?: string };
  slots?: string;
  held: number;
}

export interface LimitForm extends LimitRow {
  /** Texts of the fields: the override, or the typed texts that were refused. */
  values: Record<string, string>;
  /** Values that apply if a field is left empty. */
  defaults: Record<string, string>;
  refusal?: RefusedForm;
  /** Problems by field name. */
  wrong: Record<string, string>;
}

export interface LimitsPage {
  rows: LimitForm[];
  units: { value: string; label: string }[];
}

const UNIT_WORDS: Record<string, string> = { s: 'second', m: 'minute', h: 'hour', d: 'day' };

export function toLimitsPage(
  limits: TypeLimits[],
  refusal?: RefusedForm,
  isolated: readonly string[] = [],
): LimitsPage {
  return {
    rows: limits.map((one) => {
      const refused = formErrorAt(refusal, one.type);
      return {
        ...toLimitRow(one, isolated.includes(one.type)),
        values: toValues(one, refused),
        defaults: {
          softTimeout: 'none',
          hardTimeout: 'none',
          rateMax: 'none',
          concurrency: 'none',
          ...(one.softTimeoutMs.origin === 'default'
            ? { softTimeout: seconds(one.softTimeoutMs.value) }
            : {}),
          ...(one.hardTimeoutMs.origin === 'default'
            ? { hardTimeout: seconds(one.hardTimeoutMs.value) }
            : {}),
        },
        refusal: refused,
        wrong: Object.fromEntries(
          (refused?.trouble.fields ?? []).map(({ path, message }) => [toFieldName(path), message]),
        ),
      };
    }),
    units: ['s', 'm', 'h'].map((value) => ({ value, label: UNIT_WORDS[value]! })),
  };
}

export function toLimitRow(one: TypeLimits, isolated: boolean): LimitRow {
  const { type, title, queue, override, concurrency, slotsTaken, held } = one;
  return {
    elementId: `limit-${type}`,
    type,
    title,
    queue,
    isolated,
    changeHref: `/monitor/limits#limit-${encodeURIComponent(type)}`,
    limits: [
      shown('asked to stop after', one.softTimeoutMs, formatPeriod),
      shown('fails after', one.hardTimeoutMs, formatPeriod),
      shown('starts', one.rate, formatRateLimit),
      shown('at once', concurrency, (value) => formatNumber(value)),
    ],
    set: override ?? undefined,
    slots: concurrency.value
      ? `${formatNumber(slotsTaken)} of ${formatNumber(concurrency.value)} running`
      : undefined,
    held,
  };
}

/** Formats like `10 per minute`, `5 per 30 s`. */
export function formatRateLimit({ max, perMs }: { max: number; perMs: number }): string {
  const [unit] = Object.entries(UNIT_MS).find(([, ms]) => ms === perMs) ?? [];
  return `${formatNumber(max)} per ${unit ? UNIT_WORDS[unit] : formatPeriod(perMs)}`;
}

function shown<T>(name: string, { value, origin }: Limit<T>, format: (value: T) => string): ShownLimit {
  return { name, text: value === null ? 'none' : format(value), override: origin === 'override' };
}

function toValues(one: TypeLimits, refused: RefusedForm | undefined): Record<string, string> {
  const set = <T>({ value, origin }: Limit<T>, format: (value: T) => string) =>
    origin === 'override' ? (value === null ? 'none' : format(value)) : '';
  const rate = one.rate.origin === 'override' ? one.rate.value : null;
  const unit = Object.entries(UNIT_MS).find(([, ms]) => ms === rate?.perMs)?.[0] ?? 'm';
  return {
    softTimeout: set(one.softTimeoutMs, (ms) => String(ms / 1_000)),
    hardTimeout: set(one.hardTimeoutMs, (ms) => String(ms / 1_000)),
    rateMax: set(one.rate, ({ max }) => String(max)),
    rateUnit: unit,
    concurrency: set(one.concurrency, String),
    reason: '',
    ...Object.fromEntries(Object.entries(refused?.typed ?? {}).map(([name, value]) => [name, value ?? ''])),
  };
}

/** Returns the form field of a limit that the service reports a problem of. */
function toFieldName(path: string): string {
  return { softTimeoutMs: 'softTimeout', hardTimeoutMs: 'hardTimeout', rate: 'rateMax' }[path] ?? path;
}

function seconds(ms: number | null): string {
  return ms === null ? 'none' : String(ms / 1_000);
}

/** Formats like `5 min` for whole numbers of a unit, else like `90 s`. */
function formatPeriod(ms: number): string {
  for (const unit of ['h', 'm', 's']) {
    const size = UNIT_MS[unit]!;
    if (ms >= size && ms % size === 0)
      return unit === 's' ? `${formatNumber(ms / size)} s` : plural(ms / size, UNIT_WORDS[unit]!);
  }
  return `${formatNumber(ms)} ms`;
}
