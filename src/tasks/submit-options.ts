import { sharedNow } from '../contract/clock.js';
import { RoostError, type FieldProblem } from '../contract/errors.js';
import { nearName } from '../contract/near-name.js';
import type { Backoff } from '../contract/task.decorator.js';

/** When and how a task is to run, checked. Times are ms. */
export interface SubmitOptions {
  delayMs: number;
  priority: number;
  attempts?: number;
  backoff?: Backoff;
  expiresAt?: number;
  tags: string[];
}

/** Longest delay: a year. */
const MAX_DELAY_MS = 366 * 86_400_000;
/** A run-at this little in the past is a clock that differs or a slow network, and means now. */
const PAST_TOLERANCE_MS = 60_000;
const MAX_TAGS = 20;
const MAX_TAG_LENGTH = 64;
const NAMES = ['delayMs', 'runAt', 'priority', 'attempts', 'backoff', 'expiresAt', 'tags'];
const TIME_WITH_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)$/i;
// Control characters would tear log lines and pages apart.
const CONTROL = /[\u0000-\u001f\u007f\u2028\u2029]/;

/** @throws RoostError OPTIONS_INVALID with every problem at once. */
export function parseOptions(raw: unknown, now: number = sharedNow()): SubmitOptions {
  if (raw === undefined || raw === null) return { delayMs: 0, priority: 0, tags: [] };
  if (typeof raw !== 'object' || Array.isArray(raw)) {
    throw invalid([{ path: 'options', message: `must be an object with any of: ${NAMES.join(', ')}` }]);
  }
  const given = raw as Record<string, unknown>;
  const problems: FieldProblem[] = [];
  const say = (field: string, message: string) => void problems.push({ path: `options.${field}`, message });

  for (const name of Object.keys(given)) {
    if (NAMES.includes(name)) continue;
    const near = nearName(name, NAMES);
    say(
      name,
      `\`${name}\` is not an option.${near ? ` Did you mean \`${near}\`?` : ''} Options: ${NAMES.join(', ')}.`,
    );
  }

  let delayMs = integer(given.delayMs, 0, MAX_DELAY_MS, 'milliseconds', (m) => say('delayMs', m)) ?? 0;
  if (given.runAt !== undefined) {
    const at = time(given.runAt, (m) => say('runAt', m));
    if (given.delayMs !== undefined)
      say('runAt', 'cannot be given together with delayMs; leave one of them out');
    else if (at !== undefined && at < now - PAST_TOLERANCE_MS)
      say('runAt', 'lies in the past; give a time to come, or leave it out to run now');
    else if (at !== undefined && at > now + MAX_DELAY_MS) say('runAt', 'lies more than a year ahead');
    else if (at !== undefined) delayMs = Math.max(0, at - now);
  }
  const priority = integer(given.priority, 0, 1000, '', (m) => say('priority', m)) ?? 0;
  const attempts = integer(given.attempts, 1, 100, '', (m) => say('attempts', m));
  const expiresAt =
    given.expiresAt === undefined ? undefined : time(given.expiresAt, (m) => say('expiresAt', m));
  if (expiresAt !== undefined && expiresAt <= now + delayMs) {
    say('expiresAt', delayMs > 0 ? 'must lie after the time the task is to run' : 'must lie in the future');
  }
  const backoff = parseBackoff(given.backoff, say);
  const tags = parseTags(given.tags, say);

  if (problems.length > 0) throw invalid(problems);
  return {
    delayMs,
    priority,
    tags,
    ...(attempts === undefined ? {} : { attempts }),
    ...(backoff === undefined ? {} : { backoff }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

function invalid(problems: FieldProblem[]): RoostError {
  return new RoostError(
    'OPTIONS_INVALID',
    problems.map(({ path, message }) => `${path}: ${message}`).join('; '),
    problems,
  );
}

function integer(
  value: unknown,
  min: number,
  max: number,
  unit: string,
  say: (message: string) => void,
): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  say(`must be a whole number${unit ? ` of ${unit}` : ''} from ${min} to ${max}`);
  return undefined;
}

function time(value: unknown, say: (message: string) => void): number | undefined {
  const ms = typeof value === 'string' && TIME_WITH_ZONE.test(value) ? Date.parse(value) : NaN;
  if (!Number.isNaN(ms)) return ms;
  say('must be a time with its zone, such as 2026-12-24T18:00:00Z or 2026-12-24T18:00:00+01:00');
  return undefined;
}

function parseBackoff(value: unknown, say: (field: string, message: string) => void): Backoff | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    say('backoff', 'must be an object such as {"type":"exponential","delayMs":1000,"jitter":0.2}');
    return undefined;
  }
  const { type, delayMs, jitter, ...rest } = value as Record<string, unknown>;
  for (const name of Object.keys(rest))
    say(`backoff.${name}`, 'is not known; there are type, delayMs and jitter');
  if (type !== 'fixed' && type !== 'exponential') say('backoff.type', 'must be "fixed" or "exponential"');
  const pause = integer(delayMs, 0, 86_400_000, 'milliseconds', (m) => say('backoff.delayMs', m));
  if (delayMs === undefined) say('backoff.delayMs', 'is missing: milliseconds before the second attempt');
  const isShare = typeof jitter === 'number' && jitter >= 0 && jitter <= 1;
  if (jitter !== undefined && !isShare) say('backoff.jitter', 'must be a number from 0 to 1');
  return { type: type as Backoff['type'], delayMs: pause ?? 0, ...(isShare ? { jitter } : {}) };
}

function parseTags(value: unknown, say: (field: string, message: string) => void): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_TAGS) {
    say('tags', `must be a list of at most ${MAX_TAGS} words`);
    return [];
  }
  value.forEach((tag: unknown, i) => {
    if (typeof tag !== 'string' || tag.trim() === '' || tag.length > MAX_TAG_LENGTH || CONTROL.test(tag)) {
      say(`tags[${i}]`, `must be 1 to ${MAX_TAG_LENGTH} characters on one line`);
    }
  });
  return problemsFree(value) ? [...new Set(value.map((tag) => tag.trim()))] : [];
}

function problemsFree(tags: unknown[]): tags is string[] {
  return tags.every((tag) => typeof tag === 'string');
}
