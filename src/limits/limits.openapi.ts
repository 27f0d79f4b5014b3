import { MAX_TIMER_MS } from '../task-api/delays.js';
import * as s from '../model/schema.js';
import { ORDER_MEMBERS, parameter } from '../openapi/components.js';
import { json, operations, UNREADABLE } from '../openapi/operation.js';

const TIMEOUT = s.integer({ minimum: 1, maximum: MAX_TIMER_MS });
const AT_ONCE = s.integer({ minimum: 1, maximum: 100_000 });

const Rate = s.named(
  'Rate',
  s.object({
    max: s.integer({ minimum: 1, maximum: 100_000, description: 'Maximum number of starts per `perMs`.' }),
    perMs: s.integer({ minimum: 1, maximum: 86_400_000, description: 'Length of the sliding window, ms.' }),
  }),
);

function limit<T extends s.TSchema>(value: T, description: string) {
  return s.object({ value: s.orNull(value), origin: s.oneOf(['default', 'override']) }, { description });
}

const TypeLimits = s.named(
  'TypeLimits',
  s.object({
    type: s.text('Name of the task type.'),
    title: s.text('Title of the task type.'),
    queue: s.text('Queue of the task type.'),
    softTimeoutMs: limit(TIMEOUT, 'After which an attempt is asked to stop.'),
    hardTimeoutMs: limit(TIMEOUT, 'After which an attempt fails.'),
    rate: limit(Rate, 'Starts per time, the whole fleet together.'),
    concurrency: limit(AT_ONCE, 'Running at once, the whole fleet together.'),
    override: s.orNull(
      s.object({
        by: s.text('User or token that set it.'),
        since: s.time('When it was set.'),
        reason: s.optional(s.text('Reason.')),
        until: s.optional(s.time('When the defaults return.')),
      }),
    ),
    slotsTaken: s.count('Tasks that occupy a slot of the concurrency limit.'),
    held: s.count('Tasks delayed by a limit; their state is `delayed`.'),
  }),
);
/** Limits of a task type as REST and the pages show them. */
export type TypeLimits = s.Static<typeof TypeLimits>;

const LimitsRequest = s.named(
  'LimitsRequest',
  s.partial(
    s.closed({
      softTimeoutMs: s.orNull(TIMEOUT, 'null for none.'),
      hardTimeoutMs: s.orNull(TIMEOUT, 'null for none.'),
      rate: s.orNull(Rate, 'null for none.'),
      concurrency: s.orNull(AT_ONCE, 'null for none.'),
      ...ORDER_MEMBERS,
    }),
  ),
);

const type = parameter('TaskTypeName');

export const LIMITS_API = operations('Limits', {
  'GET /api/v1/limits': {
    id: 'listLimits',
    summary: 'List the limits of all task types',
    answers: {
      200: ['The current limits, and the source of each.', s.named('TypeLimitsList', s.items(TypeLimits))],
    },
    errors: ['REDIS_UNAVAILABLE'],
  },
  'GET /api/v1/limits/{type}': {
    id: 'getLimits',
    summary: 'Get the limits of one task type',
    parameters: [type],
    answers: { 200: ['The current limits.', TypeLimits] },
    errors: ['NOT_FOUND', 'TASK_TYPE_UNKNOWN', 'REDIS_UNAVAILABLE'],
  },
  'PUT /api/v1/limits/{type}': {
    id: 'setLimits',
    summary: 'Set limits of a task type, for all workers',
    description:
      'Replaces all limits set before; a limit that is left out returns to the default of the type. Time limits apply to attempts that start from now on. ' +
      'A task over its rate or concurrency limit is delayed without using an attempt. At `until` the defaults return automatically.',
    parameters: [type],
    body: json(LimitsRequest, {
      'two at once for an hour': { concurrency: 2, forMs: 3_600_000, reason: 'spare the database' },
      'ten a minute, 5 s each': { rate: { max: 10, perMs: 60_000 }, hardTimeoutMs: 5000 },
    }),
    answers: { 200: ['The limits as they hold now.', TypeLimits] },
    errors: ['NOT_FOUND', 'REQUEST_INVALID', 'TASK_TYPE_UNKNOWN', 'REDIS_UNAVAILABLE', 'STORAGE_FULL'],
  },
  'DELETE /api/v1/limits/{type}': {
    id: 'resetLimits',
    summary: 'Reset to the limits that the task type declares',
    parameters: [type],
    answers: { 200: ['The limits as they hold now.', TypeLimits] },
    errors: ['NOT_FOUND', ...UNREADABLE, 'TASK_TYPE_UNKNOWN', 'REDIS_UNAVAILABLE'],
  },
});
