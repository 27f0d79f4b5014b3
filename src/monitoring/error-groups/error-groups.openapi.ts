import {
  closed,
  count,
  flag,
  list,
  named,
  object,
  oneOf,
  optional,
  NEXT_CURSOR,
  string,
  text,
  time,
  type Static,
} from '../../model/schema.js';
import { TaskView } from '../../model/task-view.js';
import { pathParameter, query } from '../../openapi/components.js';
import { json, operations } from '../../openapi/operation.js';
import { ERROR_ACTS, ERROR_SORTS, ERROR_STATES } from './error-states.js';

const GROUP = {
  fingerprint: text('Id of the group.', { examples: ['9f86d081884c7d65'] }),
  type: text('Task type.'),
  name: text('Name of the error.', { examples: ['TypeError'] }),
  message: text('Message without numbers, ids and quoted text.'),
  sample: text('Message of the latest failure.'),
  frame: text('Place in the application code where it was thrown; empty without a stack.'),
  state: named('ErrorState', oneOf(ERROR_STATES)),
  count: count('Failed attempts.'),
  firstSeenAt: time('Time of the first failure.'),
  lastSeenAt: time('Time of the latest failure.'),
  regressedAt: optional(time('Time of the first failure after it was resolved.')),
  note: optional(text('Note of a user.')),
  by: optional(text('User or token that changed its state last.')),
  changedAt: optional(time('When its state was changed last.')),
  trend: list(count('Failed attempts.'), 'Failed attempts per hour in the last 24 hours, oldest first.', {
    minItems: 24,
    maxItems: 24,
  }),
  links: object({ self: string(), page: string() }),
};

const ErrorGroup = named('ErrorGroup', object(GROUP));
/** A group of failures with the same cause, as shown by REST and pages. */
export type ErrorGroupView = Static<typeof ErrorGroup>;

const ErrorGroupPage = named(
  'ErrorGroupPage',
  object({
    items: list(ErrorGroup),
    total: count('Groups that match.'),
    byState: object(
      Object.fromEntries(ERROR_STATES.map((state) => [state, count(`Groups that are ${state}.`)])) as Record<
        (typeof ERROR_STATES)[number],
        ReturnType<typeof count>
      >,
    ),
    nextCursor: NEXT_CURSOR,
  }),
);
export type ErrorGroupPage = Static<typeof ErrorGroupPage>;

const ErrorGroupDetail = named(
  'ErrorGroupDetail',
  object({
    ...GROUP,
    workers: list(
      object({
        worker: text('Name of the worker; empty for lost ones.'),
        count: count('Failures.'),
        lastSeenAt: time('Time of the latest failure.'),
      }),
      'Affected workers, the most affected first.',
    ),
    versions: list(
      object({
        version: text('APP_VERSION of the worker.'),
        count: count('Failures.'),
        firstSeenAt: time('Time of the first failure.'),
        lastSeenAt: time('Time of the latest failure.'),
      }),
      'Affected versions, the latest first; only failures whose worker reported its version.',
    ),
    hours: list(object({ at: time('Start of the hour.'), count: count('Failed attempts in this hour.') })),
    failedTasks: object({
      total: count('Tasks currently failed with this error.'),
      isExact: flag('False where `total` is a lower bound.'),
    }),
    tasks: list(TaskView, 'Newest tasks whose last failure belongs to this group.'),
  }),
);
export type ErrorGroupDetailView = Static<typeof ErrorGroupDetail>;

const ErrorNote = named(
  'ErrorNote',
  closed({
    note: optional(
      text('Note, at most 500 characters. If left out, the note does not change.', { maxLength: 500 }),
    ),
  }),
);

const NAME = { type: 'string', maxLength: 200 };
const fingerprint = pathParameter('fingerprint', 'Fingerprint of the group: 16 hexadecimal digits.');
const MISSING = ['NOT_FOUND', 'ERROR_GROUP_NOT_FOUND', 'HISTORY_UNAVAILABLE'] as const;

export const ERROR_GROUPS_API = operations('Monitoring', {
  'GET /api/v1/errors': {
    id: 'listErrorGroups',
    summary: 'List error groups',
    description:
      'A group contains the failed attempts of one task type with the same error name, the same message (ignoring numbers, ids and quoted text) and the same place in the application code.',
    parameters: [
      query('state', 'One or several states, separated by commas. Default: all.', {
        type: 'string',
        examples: [ERROR_STATES.slice(0, 2).join(',')],
      }),
      query('type', 'Only groups of this task type.', NAME),
      query('q', 'Text in task type, name, message or place; ignores case.', NAME),
      query('sort', 'Sort order, descending. Default: `last-seen`.', oneOf(ERROR_SORTS)),
      query('cursor', '`nextCursor` of the previous page.', { type: 'string', maxLength: 10 }),
      query('limit', 'Maximum number of groups per page. Default: 50.', {
        type: 'integer',
        minimum: 1,
        maximum: 200,
      }),
    ],
    answers: { 200: ['One page of them.', ErrorGroupPage] },
    errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
  },
  'GET /api/v1/errors/{fingerprint}': {
    id: 'getErrorGroup',
    summary: 'Get one error group',
    parameters: [fingerprint],
    answers: { 200: ['The group with its workers, versions and sample tasks.', ErrorGroupDetail] },
    errors: MISSING,
  },
  'POST /api/v1/errors/{fingerprint}/{act}': {
    id: 'markErrorGroup',
    summary: 'Resolve, ignore or reopen an error group',
    description:
      'A resolved group with a new failure becomes `regressed` automatically. An ignored group is still counted.',
    parameters: [
      fingerprint,
      pathParameter('act', 'The action.', { type: 'string', enum: Object.keys(ERROR_ACTS) }),
    ],
    body: json(
      ErrorNote,
      {
        note: { summary: 'With a note', value: { note: 'Fixed in 1.5.0.' } },
        nothing: { summary: 'Without a note', value: {} },
      },
      false,
    ),
    answers: { 200: ['The group as it is now.', ErrorGroupDetail] },
    errors: [...MISSING, 'REQUEST_INVALID'],
  },
});
