import { ERROR_STATES } from '../../monitoring/error-groups/error-groups.service.js';
import { GROUPINGS } from '../../monitoring/stats/stats.service.js';
import { count, list, object, ref, text, time, type Schema, type Schemas } from '../schema.js';

const orNone = (description: string): Schema => ({ type: ['integer', 'null'], minimum: 0, description });

const NUMBERS: Schemas = {
  added: count('Tasks submitted.'),
  completed: count('Tasks completed.'),
  failed: count('Tasks failed permanently.'),
  cancelled: count('Tasks cancelled.'),
  expired: count('Tasks expired.'),
  retried: count('Started attempts after the first.'),
  failureRate: {
    type: ['number', 'null'],
    minimum: 0,
    maximum: 1,
    description: 'Failed tasks divided by completed and failed ones; null where there are none.',
  },
  wait: ref('Durations'),
  run: ref('Durations'),
};

const GROUP: Schemas = {
  fingerprint: text('Id of the group.', { examples: ['9f86d081884c7d65'] }),
  type: text('Task type.'),
  name: text('Name of the error.', { examples: ['TypeError'] }),
  message: text('Message without numbers, ids and quoted text.'),
  sample: text('Message of the latest failure.'),
  frame: text('Place in the application code where it was thrown; empty without a stack.'),
  state: ref('ErrorState'),
  count: count('Failed attempts.'),
  firstSeenAt: time('Time of the first failure.'),
  lastSeenAt: time('Time of the latest failure.'),
  regressedAt: time('Time of the first failure after it was resolved.'),
  note: text('Note of a user.'),
  by: text('User or token that changed its state last.'),
  changedAt: time('When its state was changed last.'),
  trend: list(count('Failed attempts.'), {
    minItems: 24,
    maxItems: 24,
    description: 'Failed attempts per hour in the last 24 hours, oldest first.',
  }),
  links: object({ self: { type: 'string' }, page: { type: 'string' } }),
};
const OPTIONAL = ['regressedAt', 'note', 'by', 'changedAt'];

/** Schemas of stats and error groups (src/monitoring). */
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
    { description: 'Durations in ms; quantiles are accurate to 2 %.' },
  ),
  Numbers: object(NUMBERS),
  NumbersAnswer: object(
    {
      from: time('Start of the first step.'),
      to: time('End of the last step.'),
      stepMs: count('Length of a step, ms; 0 for the whole range in one step.'),
      by: { type: 'string', enum: [...GROUPINGS] },
      items: list(
        object(
          {
            at: time('Start of the step.'),
            name: text('With `by`: name of the type, queue or worker.'),
            ...NUMBERS,
          },
          ['name'],
        ),
      ),
      total: ref('Numbers'),
      lagMs: count('Delay of the history, ms; set while it is behind.'),
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
      nextCursor: text('Value of `cursor` for the next page. Missing on the last one.'),
    },
    ['nextCursor'],
  ),
  ErrorGroupDetail: object(
    {
      ...GROUP,
      workers: list(
        object({
          worker: text('Name of the worker; empty for lost ones.'),
          count: count('Failures.'),
          lastSeenAt: time('Time of the latest failure.'),
        }),
        { description: 'Affected workers, the most affected first.' },
      ),
      versions: list(
        object({
          version: text('APP_VERSION of the worker.'),
          count: count('Failures.'),
          firstSeenAt: time('Time of the first failure.'),
          lastSeenAt: time('Time of the latest failure.'),
        }),
        {
          description:
            'Affected versions, the latest first; only failures whose worker reported its version.',
        },
      ),
      hours: list(object({ at: time('Start of the hour.'), count: count('Failed attempts in this hour.') })),
      failedTasks: object({
        total: count('Tasks currently failed with this error.'),
        isExact: { type: 'boolean', description: 'False where `total` is a lower bound.' },
      }),
      tasks: list(ref('TaskView'), { description: 'Newest tasks whose last failure belongs to this group.' }),
    },
    OPTIONAL,
  ),
  ErrorNote: object(
    {
      note: text('Note, at most 500 characters. If left out, the note does not change.', { maxLength: 500 }),
    },
    ['note'],
    {
      additionalProperties: false,
    },
  ),
};
