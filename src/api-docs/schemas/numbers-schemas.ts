import { ERROR_STATES } from '../../monitoring/errors/errors.service.js';
import { GROUPINGS } from '../../monitoring/numbers/numbers.service.js';
import { count, list, object, ref, text, time, type Schema, type Schemas } from '../schema.js';

const orNone = (description: string): Schema => ({ type: ['integer', 'null'], minimum: 0, description });

const NUMBERS: Schemas = {
  added: count('Handed in.'),
  completed: count('Completed.'),
  failed: count('Failed for good.'),
  cancelled: count('Cancelled.'),
  expired: count('Expired.'),
  retried: count('Attempts after the first that began.'),
  failureRate: {
    type: ['number', 'null'],
    minimum: 0,
    maximum: 1,
    description: 'Failed among those that completed or failed; null where there are none.',
  },
  wait: ref('Durations'),
  run: ref('Durations'),
};

const GROUP: Schemas = {
  fingerprint: text('Names the group.', { examples: ['9f86d081884c7d65'] }),
  type: text('Task type.'),
  name: text('Of the error.', { examples: ['TypeError'] }),
  message: text('With numbers, ids and quoted text taken out.'),
  sample: text('The message as it was last.'),
  frame: text('Where in your own code it was thrown; empty without a stack.'),
  state: ref('ErrorState'),
  count: count('Failed attempts.'),
  firstSeenAt: time('The first of them.'),
  lastSeenAt: time('The last of them.'),
  regressedAt: time('The first after it was resolved.'),
  note: text('What somebody wrote.'),
  by: text('Who resolved, ignored or reopened it last.'),
  changedAt: time('When.'),
  trend: list(count('Failed attempts.'), {
    minItems: 24,
    maxItems: 24,
    description: 'Of the last 24 hours, oldest first.',
  }),
  links: object({ self: { type: 'string' }, page: { type: 'string' } }),
};
const OPTIONAL = ['regressedAt', 'note', 'by', 'changedAt'];

/** Numbers over time, and failures by their kind, as monitoring/ has them. */
export const NUMBERS_SCHEMAS: Schemas = {
  Durations: object(
    {
      count: count('Tasks that completed or failed.'),
      meanMs: orNone('Their mean.'),
      p50Ms: orNone('Half of them took at most this long.'),
      p95Ms: orNone('95 % of them did.'),
      p99Ms: orNone('99 % of them did.'),
    },
    [],
    { description: 'How long, in ms; quantiles within 2 %.' },
  ),
  Numbers: object(NUMBERS),
  NumbersAnswer: object(
    {
      from: time('Where the first step begins.'),
      to: time('Where the last one ends.'),
      stepMs: count('Length of a step, ms; 0 for all of the time in one.'),
      by: { type: 'string', enum: [...GROUPINGS] },
      items: list(
        object({ at: time('Where the step begins.'), name: text('With `by`: of what.'), ...NUMBERS }, [
          'name',
        ]),
      ),
      total: ref('Numbers'),
      lagMs: count('Set while the history is behind what happens.'),
    },
    ['by', 'lagMs'],
  ),
  ErrorState: { type: 'string', enum: [...ERROR_STATES] },
  ErrorGroup: object(GROUP, OPTIONAL),
  ErrorGroupPage: object(
    {
      items: list(ref('ErrorGroup')),
      total: count('Groups that match.'),
      byState: object(
        Object.fromEntries(ERROR_STATES.map((state) => [state, count(`Groups that are ${state}.`)])),
      ),
      nextCursor: text('Where the next page begins; missing on the last one.'),
    },
    ['nextCursor'],
  ),
  ErrorGroupDetail: object(
    {
      ...GROUP,
      workers: list(
        object({
          worker: text('Its name; empty for lost ones.'),
          count: count('Failures.'),
          lastSeenAt: time('The last.'),
        }),
        { description: 'Workers hit, the most hit first.' },
      ),
      versions: list(
        object({
          version: text('APP_VERSION of the worker.'),
          count: count('Failures.'),
          firstSeenAt: time('The first.'),
          lastSeenAt: time('The last.'),
        }),
        { description: 'Versions hit, the latest first; of failures whose worker told its version.' },
      ),
      hours: list(object({ at: time('Start of the hour.'), count: count('Failed attempts within it.') })),
      failedTasks: object({
        total: count('Tasks that are failed now because of it.'),
        isExact: { type: 'boolean', description: 'Otherwise there are at least so many.' },
      }),
      tasks: list(ref('TaskView'), { description: 'The newest whose last failure was of this kind.' }),
    },
    OPTIONAL,
  ),
  ErrorNote: object(
    { note: text('Stays as it was, if left out; at most 500 characters.', { maxLength: 500 }) },
    ['note'],
    {
      additionalProperties: false,
    },
  ),
};
