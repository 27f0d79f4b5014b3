import { BULK_ACTIONS, BULK_OUTCOMES, BULK_STATES, type BulkOutcome } from '../history/ports/bulk-store.js';
import {
  closed,
  count,
  either,
  flag,
  integer,
  list,
  named,
  object,
  oneOf,
  optional,
  orNull,
  page,
  text,
  time,
  type Static,
} from '../model/schema.js';
import { TASK_STATES } from '../model/states.js';
import { TaskView } from '../model/task-view.js';
import { ManagedQueue, paging, parameter, pathParameter, query } from '../openapi/components.js';
import { json, operations, UNREADABLE } from '../openapi/operation.js';
import { MAX_IDS, MAX_UNDO_MS } from './bulk-request.js';

const url = (description: string) => text(description, { format: 'uri-reference' });

const action = oneOf(BULK_ACTIONS, 'The action.');
const to = optional(ManagedQueue);
const reason = optional(text('Reason; stored with the bulk action.', { maxLength: 500 }));
const q = optional(text('The normalized query; absent where the tasks were selected by ids.'));

const BulkActionRequest = named(
  'BulkActionRequest',
  closed({
    action,
    q: optional(text('Query that selects the tasks; empty for all.', { maxLength: 2000 })),
    state: optional(
      text('One or several states, separated by commas. Joined to `q` by AND, like the parameters below.'),
    ),
    type: optional(text('A task type.')),
    queue: optional(text('A queue.')),
    worker: optional(text('A worker.')),
    tag: optional(text('A tag.')),
    ids: optional(
      list(text('An id, or `<queue>/<id>`.', { maxLength: 400 }), 'Ids of the tasks, instead of a search.', {
        minItems: 1,
        maxItems: MAX_IDS,
      }),
    ),
    to,
    reason,
    dryRun: optional(flag('Only return a preview.', { default: false })),
    undoMs: optional(
      integer({
        minimum: 0,
        maximum: MAX_UNDO_MS,
        description: 'Period before the action begins, ms. An abort within it undoes the action.',
      }),
    ),
  }),
);

const BulkActionPreview = named(
  'BulkActionPreview',
  object({
    action,
    to,
    q,
    total: count('Exact number of selected tasks.'),
    applies: count('Number of tasks the action applies to.'),
    states: list(
      object({
        state: oneOf(TASK_STATES),
        count: count('Number of tasks in this state.'),
        applies: flag('Whether the action applies to them.'),
        why: optional(text('Reason why it does not apply.')),
      }),
    ),
    others: list(
      object({ why: text('Reason why they are excluded.'), count: count('Number of tasks.') }),
      'Tasks excluded regardless of their state.',
    ),
    sample: list(TaskView, 'The ten newest tasks.'),
    sampleGone: count('Number of tasks in the sample that Redis has dropped by its retention.'),
  }),
);
/** Preview of a bulk action: the tasks it would apply to. */
export type BulkPreview = Static<typeof BulkActionPreview>;

export const BulkActionView = named(
  'BulkActionView',
  object({
    id: text('Id of the bulk action.'),
    action,
    to,
    q,
    reason,
    by: text('User or token that started it.'),
    state: oneOf(
      BULK_STATES,
      '`pending` until `startsAt`, then `running`; ends as `completed`, `aborted` while running, `undone` before it began, or `failed`.',
    ),
    stopping: flag('True after an abort, until the current batch has ended.'),
    total: orNull(integer({ minimum: 0 }), 'Number of tasks; null while they are being gathered.'),
    counts: object(
      Object.fromEntries(
        BULK_OUTCOMES.map((outcome) => [outcome, count('Tasks with this outcome.')]),
      ) as Record<BulkOutcome, ReturnType<typeof count>>,
      {
        description:
          'Number of tasks by outcome; `untouched` ones are still to be processed. The sum is `total`.',
      },
    ),
    createdAt: time('When it was created. Tasks created later are not affected.'),
    startsAt: time('When it begins; it changes nothing before.'),
    startedAt: optional(time('When it started.')),
    finishedAt: optional(time('When it ended.')),
    aborted: optional(
      object({ by: text('User or token that aborted it.'), at: time('When it was aborted.') }),
    ),
    trouble: optional(text('Reason why it waits or failed.')),
    perSecond: optional(count('Throughput in tasks per second, while it runs.')),
    leftMs: optional(count('Estimated time left, ms.')),
    links: object({
      self: url('REST URL of the bulk action.'),
      page: url('URL of the page.'),
      outcomes: url('REST URL of the outcomes.'),
      abort: url('REST URL that aborts it.'),
    }),
  }),
);
/** Bulk action as REST and the pages show it. */
export type BulkView = Static<typeof BulkActionView>;

const BulkActionOutcome = named(
  'BulkActionOutcome',
  object({
    queue: text('Queue of the task; empty where it is not known.'),
    id: text('Id of the task.'),
    outcome: oneOf(BULK_OUTCOMES, '`asked`: the worker that runs the task was asked to stop it.'),
    detail: optional(text('Reason why it was skipped or failed.')),
    at: optional(time('Time of the outcome.')),
    links: object({ self: url('REST URL of the task.'), page: url('URL of the page.') }),
  }),
);
export type OutcomeView = Static<typeof BulkActionOutcome>;

const parameters = [pathParameter('id', 'Id of the bulk action.')];
const MISSING = ['NOT_FOUND', 'BULK_NOT_FOUND', 'HISTORY_UNAVAILABLE'] as const;
const CURSOR = { pattern: '^\\d+$' };

export const BULK_ACTIONS_API = operations('Bulk actions', {
  'POST /api/v1/bulk-actions': {
    id: 'startBulkAction',
    summary: 'Retry, cancel, delete or move many tasks',
    description:
      'Selects tasks by a search or by ids; tasks created later are not affected. Runs in the background in small batches, continues after a restart of the ' +
      'web process without repeating anything, and stores the outcome of each task. With `dryRun` it only counts the tasks and returns a sample.',
    parameters: [parameter('IdempotencyKey')],
    body: json(BulkActionRequest, {
      'retry all failed since yesterday': {
        action: 'retry',
        q: 'state:failed created:<1d',
        reason: 'the mail server is back',
      },
      'preview only': { action: 'delete', state: 'completed', dryRun: true },
      'move two tasks': { action: 'move', to: 'cpu', ids: ['t1m839j6r8k9f0ck3v5es01e2z', 'default/17'] },
    }),
    answers: {
      200: [
        'The preview of a dry run; or, where the key was used before, the existing bulk action.',
        either([BulkActionPreview, BulkActionView]),
      ],
      202: [
        'The bulk action was created. It runs, or begins at `startsAt`.',
        BulkActionView,
        { headers: { Location: { description: 'URL of the bulk action.', schema: { type: 'string' } } } },
      ],
    },
    errors: [
      'QUERY_INVALID',
      'HEADER_INVALID',
      'IDEMPOTENCY_CONFLICT',
      'REQUEST_INVALID',
      'HISTORY_UNAVAILABLE',
    ],
  },
  'GET /api/v1/bulk-actions': {
    id: 'listBulkActions',
    summary: 'List bulk actions, newest first',
    parameters: paging('items', 200, 50, CURSOR),
    answers: {
      200: ['The bulk actions within the retention.', named('BulkActionList', page(BulkActionView))],
    },
    errors: ['QUERY_INVALID', 'HISTORY_UNAVAILABLE'],
  },
  'GET /api/v1/bulk-actions/{id}': {
    id: 'getBulkAction',
    summary: 'Get one bulk action and its progress',
    parameters,
    answers: { 200: ['The current state.', BulkActionView] },
    errors: MISSING,
  },
  'GET /api/v1/bulk-actions/{id}/outcomes': {
    id: 'listBulkOutcomes',
    summary: 'List the outcome of each task',
    parameters: [
      ...parameters,
      query('outcome', 'Only this outcome.', oneOf(BULK_OUTCOMES)),
      ...paging('items', 1000, 100, CURSOR),
    ],
    answers: {
      200: ['In the order they are acted on.', named('BulkActionOutcomes', page(BulkActionOutcome))],
    },
    errors: ['QUERY_INVALID', ...MISSING],
  },
  'POST /api/v1/bulk-actions/{id}/abort': {
    id: 'abortBulkAction',
    summary: 'Undo a pending bulk action, or stop a running one',
    description:
      'Tasks that were changed stay changed; the others are not touched. Has no effect on one that has ended.',
    parameters,
    answers: {
      200: ['The action has ended.', BulkActionView],
      202: ['The action stops after its current batch.', BulkActionView],
    },
    errors: [...MISSING, ...UNREADABLE],
  },
});
