import type { FieldProblem } from '../../contract/errors.js';
import { type Params, typed } from '../params.js';
import { isTimeZone, toInstant } from './zoned-time.js';

/** Names of the fields in the options part of a form; the values are what was typed. */
export const OPTION_FIELDS = [
  'delay',
  'delayUnit',
  'runAt',
  'runAtZone',
  'priority',
  'attempts',
  'backoff',
  'backoffDelay',
  'expires',
  'expiresUnit',
  'tags',
] as const;

export type OptionField = (typeof OPTION_FIELDS)[number];
export type OptionValues = Partial<Record<OptionField, string>>;

const UNIT_MS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const LONGEST_MS = 366 * 86_400_000;

/** Where a problem that the service finds with an option shows in the form. */
const FIELD_OF_OPTION: Record<string, OptionField> = {
  delayMs: 'delay',
  runAt: 'runAt',
  priority: 'priority',
  attempts: 'attempts',
  backoff: 'backoff',
  expiresAt: 'expires',
  tags: 'tags',
};

export function readOptionValues(form: Params): OptionValues {
  return Object.fromEntries(
    OPTION_FIELDS.map((name) => [name, typed(form, `options.${name}`)]).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

/**
 * The options of a submit from what was typed. What the one validator behind the door can judge goes on as it
 * is; problems here are those of what only a form has: units, zones, a time and a delay at once.
 */
export function toOptions(values: OptionValues, now: number): { options: object; problems: FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const options: Record<string, unknown> = {};
  // The service speaks of milliseconds, the form of the unit that was chosen: so amounts are judged here.
  const amount = (field: OptionField, text: string, unit = 's'): number | undefined => {
    const value = Number(text.replace(',', '.'));
    const ms = Math.round(value * (UNIT_MS[unit] ?? 1_000));
    if (Number.isFinite(value) && value >= 0 && ms <= LONGEST_MS) return ms;
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
    };
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

/** The field of the form that a problem belongs to: `options.delayMs` is typed in `options.delay`. */
export function toFormPath(path: string): string {
  const option = /^options\.([A-Za-z]+)/.exec(path)?.[1];
  if (!option) return path;
  if (path.startsWith('options.backoff.delayMs')) return 'options.backoffDelay';
  return `options.${FIELD_OF_OPTION[option] ?? option}`;
}

/** When the task may start: an expiry is meant from then on. */
function readyAt(options: Record<string, unknown>, now: number): number {
  const { delayMs, runAt } = options;
  if (typeof runAt === 'string') return Math.max(now, Date.parse(runAt));
  return now + (typeof delayMs === 'number' ? delayMs : 0);
}

function numberOr(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) ? value : text;
}
