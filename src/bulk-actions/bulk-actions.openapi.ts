import { BULK_ACTIONS, BULK_OUTCOMES, BULK_STATES, type BulkOutcome } from '../history/ports/bulk-store.js';
import * as s from '../model/schema.js';
import { TASK_STATES } from '../model/states.js';
import { TaskView } from '../model/task-view.js';
import { ManagedQueue, paging, parameter, pathParameter, query } from '../openapi/components.js';
import { json, operations, UNREADABLE } from '../openapi/operation.js';
import { MAX_IDS, MAX_UNDO_MS } from './bulk-request.js';

const url = (description: string) => s.text(description, { format: 'uri-reference' });

const action = s.oneOf(BULK_ACTIONS, 'The action.');
const to = s.optional(ManagedQueue);
const reason = s.optional(s.text('Reason; stored with the bulk action.', { maxLength: 500 }));
const q = s.optional(s.text('The normalized query; absent where the tasks were selected by ids.'));

const BulkActionRequest = s.named(
  'BulkActionRequest',
  s.closed({
    action,
    q: s.optional(s.text('Query that selects the tasks; empty for all.', { maxLength: 2000 })),
    state: s.optional(
      s.text('One or several states, separated by commas. Joined to `q` by AND, like the parameters below.'),
    ),
    type: s.optional(s.text('A task type.')),
    queue: s.optional(s.text('A queue.')),
    worker: s.optional(s.text('A worker.')),
    tag: s.optional(s.text('A tag.')),
    ids: s.optional(
      s.list(
        s.text('An id, or `<queue>/<id>`.', { maxLength: 400 }),
        'Ids of the tasks, instead of a search.',
        {
          minItems: 1,
          maxItems: MAX_IDS,
        },
      ),
    ),
    to,
    reason,
    dryRun: s.optional(s.flag('Only return a preview.', { default: false })),
    undoMs: s.optional(
      s.integer({
        minimum: 0,
        maximum: MAX_UNDO_MS,
        description: 'Period before the action begins, ms. An abort within it undoes the action.',
      }),
    ),
  }),
);

const BulkActionPreview = s.named(
  'BulkActionPreview',
  s.object({
    action,
    to,
    q,
    total: s.count('Exact number of selected tasks.'),
    applies: s.count('Number of tasks the action applies to.'),
    states: s.list(
      s.object({
        state: s.oneOf(TASK_STATES),
        count: s.count('Number of tasks in this state.'),
        applies: s.flag('Whether the action applies to them.'),
        why: s.optional(s.text('Reason why it does not apply.')),
      }),
    ),
    others: s.list(
      s.object({ why: s.text('Reason why they are excluded.'), count: s.count('Number of tasks.') }),
      'Tasks excluded regardless of their state.',
    ),
    sample: s.list(TaskView, 'The ten newest tasks.'),
    sampleGone: s.count('Number of tasks in the sample that Redis has dropped by its retention.'),
  }),
);
/** Preview of a bulk action: the tasks it would apply to. */
export type BulkPreview = s.Static<typeof BulkActionPreview>;

export const BulkActionView = s.named(
  'BulkActionView',
  s.object({
    id: s.text('Id of the bulk action.'),
    action,
    to,
    q,
    reason,
    by: s.text('User or token that started it.'),
    state: s.oneOf(
      BULK_STATES,
      '`pending` until `startsAt`, then `running`; ends as `completed`, `aborted` while running, `undone` before it began, or `failed`.',
    ),
    stopping: s.flag('True after an abort, until the current batch has ended.'),
    total: s.orNull(s.integer({ minimum: 0 }), 'Number of tasks; null while they are being gathered.'),
    counts: s.object(
      Object.fromEntries(
        BULK_OUTCOMES.map((outcome) => [outcome, s.count('Tasks with this outcome.')]),
      ) as Record<BulkOutcome, ReturnType<typeof s.count>>,
      {
        description:
          'Number of tasks by outcome; `untouched` ones are still to be processed. The sum is `total`.',
      },
    ),
    createdAt: s.time('When it was created. Tasks created later are not affected.'),
    startsAt: s.time('When it begins; it changes nothing before.'),
    startedAt: s.optional(s.time('When it started.')),
    finishedAt: s.optional(s.time('When it ended.')),
    aborted: s.optional(
      s.object({ by: s.text('User or token that aborted it.'), at: s.time('When it was aborted.') }),
    ),
    trouble: s.optional(s.text('Reason why it waits or failed.')),
    perSecond: s.optional(s.count('Throughput in tasks per second, while it runs.')),
    leftMs: s.optional(s.count('Estimated time left, ms.')),
    links: s.object({
      self: url('REST URL of the bulk action.'),
      page: url('URL of the page.'),
      outcomes: url('REST URL of the outcomes.'),
      abort: url('REST URL that aborts it.'),
    }),
  }),
);
/** Bulk action as REST and the pages show it. */
export type BulkView = s.Static<typeof BulkActionView>;

const BulkActionOutcome = s.named(
  'BulkActionOutcome',
  s.object({
    queue: s.text('Queue of the task; empty where it is not known.'),
    id: s.text('Id of the task.'),
    outcome: s.oneOf(BULK_OUTCOMES, '`asked`: the worker that runs the task was asked to stop it.'),
    detail: s.optional(s.text('Reason why it was skipped or failed.')),
    at: s.optional(s.time('Time of the outcome.')),
    links: s.object({ self: url('REST URL of the task.'), page: url('URL of the page.') }),
  }),
);
export type OutcomeView = s.Static<typeof BulkActionOutcome>;

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
        s.either([BulkActionPreview, BulkActionView]),
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
      200: ['The bulk actions within the retention.', s.named('BulkActionList', s.page(BulkActionView))],
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
      query('outcome', 'Only this outcome.', s.oneOf(BULK_OUTCOMES)),
      ...paging('items', 1000, 100, CURSOR),
    ],
    answers: {
      200: ['In the order they are acted on.', s.named('BulkActionOutcomes', s.page(BulkActionOutcome))],
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
