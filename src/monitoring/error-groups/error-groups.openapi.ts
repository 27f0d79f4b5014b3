import * as s from '../../model/schema.js';
import { TaskView } from '../../model/task-view.js';
import { pathParameter, query } from '../../openapi/components.js';
import { json, operations } from '../../openapi/operation.js';
import { ERROR_ACTS, ERROR_SORTS, ERROR_STATES } from './error-states.js';

const GROUP = {
  fingerprint: s.text('Id of the group.', { examples: ['9f86d081884c7d65'] }),
  type: s.text('Task type.'),
  name: s.text('Name of the error.', { examples: ['TypeError'] }),
  message: s.text('Message without numbers, ids and quoted text.'),
  sample: s.text('Message of the latest failure.'),
  frame: s.text('Place in the application code where it was thrown; empty without a stack.'),
  state: s.named('ErrorState', s.oneOf(ERROR_STATES)),
  count: s.count('Failed attempts.'),
  firstSeenAt: s.time('Time of the first failure.'),
  lastSeenAt: s.time('Time of the latest failure.'),
  regressedAt: s.optional(s.time('Time of the first failure after it was resolved.')),
  note: s.optional(s.text('Note of a user.')),
  by: s.optional(s.text('User or token that changed its state last.')),
  changedAt: s.optional(s.time('When its state was changed last.')),
  trend: s.list(s.count('Failed attempts.'), 'Failed attempts per hour in the last 24 hours, oldest first.', {
    minItems: 24,
    maxItems: 24,
  }),
  links: s.object({ self: s.string(), page: s.string() }),
};

const ErrorGroup = s.named('ErrorGroup', s.object(GROUP));
/** A group of failures with the same cause, as shown by REST and pages. */
export type ErrorGroupView = s.Static<typeof ErrorGroup>;

const ErrorGroupPage = s.named(
  'ErrorGroupPage',
  s.object({
    items: s.list(ErrorGroup),
    total: s.count('Groups that match.'),
    byState: s.object(
      Object.fromEntries(
        ERROR_STATES.map((state) => [state, s.count(`Groups that are ${state}.`)]),
      ) as Record<(typeof ERROR_STATES)[number], ReturnType<typeof s.count>>,
    ),
    nextCursor: s.NEXT_CURSOR,
  }),
);
export type ErrorGroupPage = s.Static<typeof ErrorGroupPage>;

const ErrorGroupDetail = s.named(
  'ErrorGroupDetail',
  s.object({
    ...GROUP,
    workers: s.list(
      s.object({
        worker: s.text('Name of the worker; empty for lost ones.'),
        count: s.count('Failures.'),
        lastSeenAt: s.time('Time of the latest failure.'),
      }),
      'Affected workers, the most affected first.',
    ),
    versions: s.list(
      s.object({
        version: s.text('APP_VERSION of the worker.'),
        count: s.count('Failures.'),
        firstSeenAt: s.time('Time of the first failure.'),
        lastSeenAt: s.time('Time of the latest failure.'),
      }),
      'Affected versions, the latest first; only failures whose worker reported its version.',
    ),
    hours: s.list(
      s.object({ at: s.time('Start of the hour.'), count: s.count('Failed attempts in this hour.') }),
    ),
    failedTasks: s.object({
      total: s.count('Tasks currently failed with this error.'),
      isExact: s.flag('False where `total` is a lower bound.'),
    }),
    tasks: s.list(TaskView, 'Newest tasks whose last failure belongs to this group.'),
  }),
);
export type ErrorGroupDetailView = s.Static<typeof ErrorGroupDetail>;

const ErrorNote = s.named(
  'ErrorNote',
  s.closed({
    note: s.optional(
      s.text('Note, at most 500 characters. If left out, the note does not change.', { maxLength: 500 }),
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
      query('sort', 'Sort order, descending. Default: `last-seen`.', s.oneOf(ERROR_SORTS)),
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
