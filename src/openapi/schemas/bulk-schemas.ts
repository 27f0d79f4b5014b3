import { TASK_STATES } from '../../model/states.js';
import { BULK_ACTIONS, BULK_OUTCOMES, BULK_STATES } from '../../history/ports/bulk-store.js';
import { count, list, object, orNull, ref, text, time, type Schemas } from '../schema.js';

const ACTION = { type: 'string', enum: [...BULK_ACTIONS], description: 'The action.' };
const TO = ref('ManagedQueue');
const REASON = text('Reason; stored with the bulk action.', { maxLength: 500 });

const REQUEST: Schemas = {
  action: ACTION,
  q: text('Query that selects the tasks; empty for all.', { maxLength: 2000 }),
  state: text('One or several states, separated by commas. Joined to `q` by AND, like the parameters below.'),
  type: text('A task type.'),
  queue: text('A queue.'),
  worker: text('A worker.'),
  tag: text('A tag.'),
  ids: list(text('An id, or `<queue>/<id>`.', { maxLength: 400 }), {
    minItems: 1,
    maxItems: 1000,
    description: 'Ids of the tasks, instead of a search.',
  }),
  to: TO,
  reason: REASON,
  dryRun: { type: 'boolean', default: false, description: 'Only return a preview.' },
  undoMs: {
    type: 'integer',
    minimum: 0,
    maximum: 600_000,
    description: 'Period before the action begins, ms. An abort within it undoes the action.',
  },
};

/** Schemas of bulk actions (src/bulk-actions). */
export const BULK_SCHEMAS: Schemas = {
  BulkActionRequest: object(
    REQUEST,
    Object.keys(REQUEST).filter((name) => name !== 'action'),
    { additionalProperties: false },
  ),
  BulkActionPreview: object(
    {
      action: ACTION,
      to: TO,
      q: text('The normalized query; absent where the tasks were selected by ids.'),
      total: count('Exact number of selected tasks.'),
      applies: count('Number of tasks the action applies to.'),
      states: list(
        object(
          {
            state: { type: 'string', enum: [...TASK_STATES] },
            count: count('Number of tasks in this state.'),
            applies: { type: 'boolean', description: 'Whether the action applies to them.' },
            why: text('Reason why it does not apply.'),
          },
          ['why'],
        ),
      ),
      others: list(object({ why: text('Reason why they are excluded.'), count: count('Number of tasks.') }), {
        description: 'Tasks excluded regardless of their state.',
      }),
      sample: list(ref('TaskView'), { description: 'The ten newest tasks.' }),
      sampleGone: count('Number of tasks in the sample that Redis has dropped by its retention.'),
    },
    ['to', 'q'],
  ),
  BulkActionView: object(
    {
      id: text('Id of the bulk action.'),
      action: ACTION,
      to: TO,
      q: text('The normalized query; absent where the tasks were selected by ids.'),
      reason: REASON,
      by: text('User or token that started it.'),
      state: {
        type: 'string',
        enum: [...BULK_STATES],
        description:
          '`pending` until `startsAt`, then `running`; ends as `completed`, `aborted` while running, `undone` before it began, or `failed`.',
      },
      stopping: { type: 'boolean', description: 'True after an abort, until the current batch has ended.' },
      total: { ...orNull(count('')), description: 'Number of tasks; null while they are being gathered.' },
      counts: object(
        Object.fromEntries(BULK_OUTCOMES.map((outcome) => [outcome, count('Tasks with this outcome.')])),
        [],
        {
          description:
            'Number of tasks by outcome; `untouched` ones are still to be processed. The sum is `total`.',
        },
      ),
      createdAt: time('When it was created. Tasks created later are not affected.'),
      startsAt: time('When it begins; it changes nothing before.'),
      startedAt: time('When it started.'),
      finishedAt: time('When it ended.'),
      aborted: object({ by: text('User or token that aborted it.'), at: time('When it was aborted.') }),
      trouble: text('Reason why it waits or failed.'),
      perSecond: count('Throughput in tasks per second, while it runs.'),
      leftMs: count('Estimated time left, ms.'),
      links: object({
        self: text('REST URL of the bulk action.', { format: 'uri-reference' }),
        page: text('URL of the page.', { format: 'uri-reference' }),
        outcomes: text('REST URL of the outcomes.', { format: 'uri-reference' }),
        abort: text('REST URL that aborts it.', { format: 'uri-reference' }),
      }),
    },
    ['to', 'q', 'reason', 'startedAt', 'finishedAt', 'aborted', 'trouble', 'perSecond', 'leftMs'],
  ),
  BulkActionList: object(
    {
      items: list(ref('BulkActionView')),
      nextCursor: text('Value of `cursor` for the next page. Missing on the last one.'),
    },
    ['nextCursor'],
  ),
  BulkActionOutcome: object(
    {
      queue: text('Queue of the task; empty where it is not known.'),
      id: text('Id of the task.'),
      outcome: {
        type: 'string',
        enum: [...BULK_OUTCOMES],
        description: '`asked`: the worker that runs the task was asked to stop it.',
      },
      detail: text('Reason why it was skipped or failed.'),
      at: time('Time of the outcome.'),
      links: object({
        self: text('REST URL of the task.', { format: 'uri-reference' }),
        page: text('URL of the page.', { format: 'uri-reference' }),
      }),
    },
    ['detail', 'at'],
  ),
  BulkActionOutcomes: object(
    {
      items: list(ref('BulkActionOutcome')),
      nextCursor: text('Value of `cursor` for the next page. Missing on the last one.'),
    },
    ['nextCursor'],
  ),
  MoveRequest: object({ queue: ref('ManagedQueue') }, [], { additionalProperties: false }),
};
