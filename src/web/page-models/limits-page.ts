import type { Limit, TypeLimits } from '../../limits/limits.service.js';
import { formatNumber, plural } from './format.js';
import { type Refusal, troubleAt } from './trouble.js';

interface ShownLimit {
  name: string;
  text: string;
  /** Set at run time rather than by the task type. */
  override: boolean;
}

/** The limits of one task type as a line of a table. */
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
  /** What the fields show: the override as it is, or what was typed and refused. */
  values: Record<string, string>;
  /** What holds where a field is left empty. */
  defaults: Record<string, string>;
  refusal?: Refusal;
  /** Fields that were not right, by name. */
  wrong: Record<string, string>;
}

export interface LimitsPage {
  rows: LimitForm[];
  units: { value: string; label: string }[];
}

/** Units a time is typed in, ms. */
export const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const UNIT_WORDS: Record<string, string> = { s: 'second', m: 'minute', h: 'hour', d: 'day' };

export function toLimitsPage(
  limits: TypeLimits[],
  refusal?: Refusal,
  isolated: readonly string[] = [],
): LimitsPage {
  return {
    rows: limits.map((one) => {
      const refused = troubleAt(refusal, one.type);
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
      shown('asked to stop after', one.softTimeoutMs, duration),
      shown('fails after', one.hardTimeoutMs, duration),
      shown('starts', one.rate, toRateWords),
      shown('at once', concurrency, (value) => formatNumber(value)),
    ],
    set: override ?? undefined,
    slots: concurrency.value
      ? `${formatNumber(slotsTaken)} of ${formatNumber(concurrency.value)} running`
      : undefined,
    held,
  };
}

/** `10 per minute`, `5 per 30 s` */
export function toRateWords({ max, perMs }: { max: number; perMs: number }): string {
  const [unit] = Object.entries(UNIT_MS).find(([, ms]) => ms === perMs) ?? [];
  return `${formatNumber(max)} per ${unit ? UNIT_WORDS[unit] : duration(perMs)}`;
}

function shown<T>(name: string, { value, origin }: Limit<T>, say: (value: T) => string): ShownLimit {
  return { name, text: value === null ? 'none' : say(value), override: origin === 'override' };
}

function toValues(one: TypeLimits, refused: Refusal | undefined): Record<string, string> {
  const set = <T>({ value, origin }: Limit<T>, say: (value: T) => string) =>
    origin === 'override' ? (value === null ? 'none' : say(value)) : '';
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

/** Where a problem that the service finds with a limit was typed. */
function toFieldName(path: string): string {
  return { softTimeoutMs: 'softTimeout', hardTimeoutMs: 'hardTimeout', rate: 'rateMax' }[path] ?? path;
}

function seconds(ms: number | null): string {
  return ms === null ? 'none' : String(ms / 1_000);
}

/** `5 min`-like words for whole numbers of a unit; `90 s` otherwise. */
function duration(ms: number): string {
  for (const unit of ['h', 'm', 's']) {
    const size = UNIT_MS[unit]!;
    if (ms >= size && ms % size === 0)
      return unit === 's' ? `${formatNumber(ms / size)} s` : plural(ms / size, UNIT_WORDS[unit]!);
  }
  return `${formatNumber(ms)} ms`;
}
