import { MAX_DELAY_MS } from '../../task-api/delays.js';
import type { FieldProblem } from '../../model/errors.js';
import type { TaskView } from '../../model/task-view.js';
import { type Params, typed } from '../kit/params.js';
import { isTimeZone, toInstant } from '../kit/zoned-time.js';

/** Names of the option fields in a form; the values are the typed texts. */
export const OPTION_FIELDS = [
  'delay',
  'delayUnit',
  'runAt',
  'runAtZone',
  'priority',
  'attempts',
  'backoff',
  'backoffDelay',
  'backoffMax',
  'softTimeout',
  'hardTimeout',
  'expires',
  'expiresUnit',
  'tags',
] as const;

export type OptionField = (typeof OPTION_FIELDS)[number];
export type OptionValues = Partial<Record<OptionField, string>>;

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Form fields by the option that the service reports a problem of. */
const FIELD_BY_OPTION: Record<string, OptionField> = {
  delayMs: 'delay',
  runAt: 'runAt',
  priority: 'priority',
  attempts: 'attempts',
  backoff: 'backoff',
  softTimeoutMs: 'softTimeout',
  hardTimeoutMs: 'hardTimeout',
  expiresAt: 'expires',
  tags: 'tags',
};

export function parseOptionValues(form: Params): OptionValues {
  return Object.fromEntries(
    OPTION_FIELDS.map((name) => [name, typed(form, `options.${name}`)]).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

/** Formats the time limits of a task as a user would type them, so that a rerun keeps them. */
export function formatTimeLimits({
  softTimeoutMs: soft,
  hardTimeoutMs: hard,
}: Pick<TaskView, 'softTimeoutMs' | 'hardTimeoutMs'>): OptionValues {
  return {
    ...(soft === undefined ? {} : { softTimeout: String(soft / 1_000) }),
    ...(hard === undefined ? {} : { hardTimeout: String(hard / 1_000) }),
  };
}

/**
 * Parses the options of a submit from the typed texts. The validator of the submit service checks everything
 * it can. Problems reported here concern only forms: units, time zones, and a start time together with a
 * delay.
 */
export function toOptions(values: OptionValues, now: number): { options: object; problems: FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const options: Record<string, unknown> = {};
  // Amounts are checked here: the service reports them in milliseconds, the form uses the chosen unit.
  const amount = (field: OptionField, text: string, unit = 's'): number | undefined => {
    const value = Number(text.replace(',', '.'));
    const ms = Math.round(value * (UNIT_MS[unit] ?? 1_000));
    if (Number.isFinite(value) && value >= 0 && ms <= MAX_DELAY_MS) return ms;
    const why = value > 0 ? 'must be at most 366 days' : 'must be a number such as 10 or 1.5';
    problems.push({ path: `options.${field}`, message: why });
    return undefined;
  };
  if (values.delay) options.delayMs = amount('delay', values.delay, values.delayUnit);
  if (values.delay && values.runAt) {
    problems.push({ path: 'options.runAt', message: 'give either a delay or a time to start at, not both' });
  }
  if (values.runAt && !values.delay) {
    const zone = values.runAtZone ?? 'UTC';
    if (!isTimeZone(zone)) {
      problems.push({
        path: 'options.runAtZone',
        message: 'must be a time zone such as Europe/Berlin or UTC',
      });
    } else {
      try {
        options.runAt = new Date(toInstant(values.runAt, zone)).toISOString();
      } catch (error) {
        problems.push({ path: 'options.runAt', message: (error as Error).message });
      }
    }
  }
  if (values.priority) options.priority = numberOr(values.priority);
  if (values.attempts) options.attempts = numberOr(values.attempts);
  if (values.backoff) {
    options.backoff = {
      type: values.backoff,
      delayMs: amount('backoffDelay', values.backoffDelay ?? '1', 's'),
      ...(values.backoffMax ? { maxDelayMs: amount('backoffMax', values.backoffMax) } : {}),
    };
  } else if (values.backoffMax) {
    problems.push({ path: 'options.backoffMax', message: 'choose exponential pauses for it' });
  }
  for (const field of ['softTimeout', 'hardTimeout'] as const) {
    const text = values[field];
    if (text) options[`${field}Ms`] = amount(field, text);
  }
  if (values.expires) {
    const afterMs = amount('expires', values.expires, values.expiresUnit);
    if (afterMs) options.expiresAt = new Date(readyAt(options, now) + afterMs).toISOString();
    else if (afterMs === 0) problems.push({ path: 'options.expires', message: 'must be above 0' });
  }
  if (values.tags) {
    options.tags = values.tags
      .split(/[\s,]+/)
      .map((tag) => tag.trim())
      .filter(Boolean);
  }
  return { options, problems };
}

/** Returns the form field of a problem: `options.delayMs` is typed in `options.delay`. */
export function toFormPath(path: string): string {
  const option = /^options\.([A-Za-z]+)/.exec(path)?.[1];
  if (!option) return path;
  if (path.startsWith('options.backoff.delayMs')) return 'options.backoffDelay';
  if (path.startsWith('options.backoff.maxDelayMs')) return 'options.backoffMax';
  return `options.${FIELD_BY_OPTION[option] ?? option}`;
}

/** Returns the time when the task may start. An expiry counts from then on. */
function readyAt(options: Record<string, unknown>, now: number): number {
  const { delayMs, runAt } = options;
  if (typeof runAt === 'string') return Math.max(now, Date.parse(runAt));
  return now + (typeof delayMs === 'number' ? delayMs : 0);
}

function numberOr(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}
