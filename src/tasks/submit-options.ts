import { MAX_DELAY_MS, MAX_TIMER_MS } from '../task-api/delays.js';
import { RoostError, type FieldProblem } from '../model/errors.js';
import { readTime } from '../model/iso-time.js';
import { nearName } from '../model/near-name.js';
import type { Backoff } from '../task-api/task.decorator.js';

/** Validated options of a task. Times are ms. */
export interface SubmitOptions {
  delayMs: number;
  priority: number;
  attempts?: number;
  backoff?: Backoff;
  softTimeoutMs?: number;
  hardTimeoutMs?: number;
  expiresAt?: number;
  tags: string[];
}

/** Tolerance for a `runAt` in the past, which a clock difference or a slow network may cause. Such a task runs now. */
const PAST_TOLERANCE_MS = 60_000;
const MAX_TAGS = 20;
const MAX_TAG_LENGTH = 64;
const OPTION_NAMES = [
  ...['delayMs', 'runAt', 'priority', 'attempts', 'backoff'],
  ...['softTimeoutMs', 'hardTimeoutMs', 'expiresAt', 'tags'],
];
// Control characters would break log lines and pages.
const CONTROL = /[\u0000-\u001f\u007f\u2028\u2029]/;

/** @throws RoostError OPTIONS_INVALID with every problem at once. */
export function parseOptions(raw: unknown, now: number): SubmitOptions {
  if (raw === undefined || raw === null) return { delayMs: 0, priority: 0, tags: [] };
  if (typeof raw !== 'object' || Array.isArray(raw)) {
    throw invalid([
      { path: 'options', message: `must be an object with any of: ${OPTION_NAMES.join(', ')}` },
    ]);
  }
  const given = raw as Record<string, unknown>;
  const problems: FieldProblem[] = [];
  const report = (field: string, message: string) =>
    void problems.push({ path: `options.${field}`, message });

  for (const name of Object.keys(given)) {
    if (OPTION_NAMES.includes(name)) continue;
    const near = nearName(name, OPTION_NAMES);
    report(
      name,
      `\`${name}\` is not an option.${near ? ` Did you mean \`${near}\`?` : ''} Options: ${OPTION_NAMES.join(', ')}.`,
    );
  }

  let delayMs = integer(given.delayMs, 0, MAX_DELAY_MS, 'milliseconds', (m) => report('delayMs', m)) ?? 0;
  if (given.runAt !== undefined) {
    const at = time(given.runAt, (m) => report('runAt', m));
    if (given.delayMs !== undefined)
      report('runAt', 'cannot be given together with delayMs; leave one of them out');
    else if (at !== undefined && at < now - PAST_TOLERANCE_MS)
      report('runAt', 'lies in the past; give a time to come, or leave it out to run now');
    else if (at !== undefined && at > now + MAX_DELAY_MS) report('runAt', 'lies more than a year ahead');
    else if (at !== undefined) delayMs = Math.max(0, at - now);
  }
  const priority = integer(given.priority, 0, 1000, '', (m) => report('priority', m)) ?? 0;
  const attempts = integer(given.attempts, 1, 100, '', (m) => report('attempts', m));
  const expiresAt =
    given.expiresAt === undefined ? undefined : time(given.expiresAt, (m) => report('expiresAt', m));
  if (expiresAt !== undefined && expiresAt <= now + delayMs) {
    report(
      'expiresAt',
      delayMs > 0 ? 'must lie after the time the task is to run' : 'must lie in the future',
    );
  }
  const backoff = parseBackoff(given.backoff, report);
  const limit = (name: 'softTimeoutMs' | 'hardTimeoutMs') =>
    integer(given[name], 1, MAX_TIMER_MS, 'milliseconds', (m) => report(name, m));
  const [softTimeoutMs, hardTimeoutMs] = [limit('softTimeoutMs'), limit('hardTimeoutMs')];
  if (softTimeoutMs !== undefined && hardTimeoutMs !== undefined && softTimeoutMs > hardTimeoutMs)
    report(
      'softTimeoutMs',
      `must not be above hardTimeoutMs (${hardTimeoutMs}): the soft limit has to come first`,
    );
  const tags = parseTags(given.tags, report);

  if (problems.length > 0) throw invalid(problems);
  return {
    delayMs,
    priority,
    tags,
    ...(attempts === undefined ? {} : { attempts }),
    ...(backoff === undefined ? {} : { backoff }),
    ...(softTimeoutMs === undefined ? {} : { softTimeoutMs }),
    ...(hardTimeoutMs === undefined ? {} : { hardTimeoutMs }),
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
  report: (message: string) => void,
): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  report(`must be a whole number${unit ? ` of ${unit}` : ''} from ${min} to ${max}`);
  return undefined;
}

function time(value: unknown, report: (message: string) => void): number | undefined {
  try {
    return readTime(value);
  } catch (error) {
    report((error as Error).message);
    return undefined;
  }
}

function parseBackoff(value: unknown, report: (field: string, message: string) => void): Backoff | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report(
      'backoff',
      'must be an object such as {"type":"exponential","delayMs":1000,"maxDelayMs":60000,"jitter":0.2}',
    );
    return undefined;
  }
  const { type, delayMs, maxDelayMs, jitter, ...rest } = value as Record<string, unknown>;
  for (const name of Object.keys(rest))
    report(`backoff.${name}`, 'is not known; there are type, delayMs, maxDelayMs and jitter');
  if (type !== 'fixed' && type !== 'exponential') report('backoff.type', 'must be "fixed" or "exponential"');
  const pause = integer(delayMs, 0, 86_400_000, 'milliseconds', (m) => report('backoff.delayMs', m));
  if (delayMs === undefined) report('backoff.delayMs', 'is missing: milliseconds before the second attempt');
  const cap = integer(maxDelayMs, 1, MAX_DELAY_MS, 'milliseconds', (m) => report('backoff.maxDelayMs', m));
  if (cap !== undefined && type === 'fixed')
    report('backoff.maxDelayMs', 'is for exponential pauses; leave it out where they are fixed');
  else if (cap !== undefined && pause !== undefined && cap < pause)
    report('backoff.maxDelayMs', `must not be below delayMs (${pause})`);
  const isShare = typeof jitter === 'number' && jitter >= 0 && jitter <= 1;
  if (jitter !== undefined && !isShare) report('backoff.jitter', 'must be a number from 0 to 1');
  return {
    type: type as Backoff['type'],
    delayMs: pause ?? 0,
    ...(cap === undefined ? {} : { maxDelayMs: cap }),
    ...(isShare ? { jitter } : {}),
  };
}

function parseTags(value: unknown, report: (field: string, message: string) => void): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MAX_TAGS) {
    report('tags', `must be a list of at most ${MAX_TAGS} words`);
    return [];
  }
  value.forEach((tag: unknown, i) => {
    if (typeof tag !== 'string' || tag.trim() === '' || tag.length > MAX_TAG_LENGTH || CONTROL.test(tag)) {
      report(`tags[${i}]`, `must be 1 to ${MAX_TAG_LENGTH} characters on one line`);
    }
  });
  return problemsFree(value) ? [...new Set(value.map((tag) => tag.trim()))] : [];
}

function problemsFree(tags: unknown[]): tags is string[] {
  return tags.every((tag) => typeof tag === 'string');
}
