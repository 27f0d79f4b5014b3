import { QUEUE_NAMES } from '../../contract/queues.js';
import { TASK_STATES } from '../../contract/states.js';
import { BULK_ACTIONS, BULK_OUTCOMES, BULK_STATES } from '../../history/store/bulk-store.js';
import { count, list, object, orNull, ref, text, time, type Schemas } from '../schema.js';

const ACTION = { type: 'string', enum: [...BULK_ACTIONS], description: 'What is done.' };
const TO = { type: 'string', enum: [...QUEUE_NAMES], description: 'The queue that `move` moves to.' };
const REASON = text('Why; kept with it.', { maxLength: 500 });

const REQUEST: Schemas = {
  action: ACTION,
  q: text('Which tasks, in the query language; empty for all.', { maxLength: 2000 }),
  state: text('Joined to `q` by AND, as are those below; several states separated by commas.'),
  type: text('A task type.'),
  queue: text('A queue.'),
  worker: text('A worker.'),
  tag: text('A tag.'),
  ids: list(text('An id, or `<queue>/<id>`.', { maxLength: 400 }), {
    minItems: 1,
    maxItems: 1000,
    description: 'The tasks one by one, in place of a search.',
  }),
  to: TO,
  reason: REASON,
  dryRun: { type: 'boolean', default: false, description: 'Only say what it would do.' },
  undoMs: {
    type: 'integer',
    minimum: 0,
    maximum: 600_000,
    description: 'So many milliseconds nothing is touched yet, and an abort leaves everything as it is.',
  },
};

/** Acting on many tasks at once, as bulk/ has it. */
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
      q: text('The query in its plain form; absent where the tasks were named.'),
      total: count('Tasks it is about, counted exactly.'),
      applies: count('Those it applies to.'),
      states: list(
        object(
          {
            state: { type: 'string', enum: [...TASK_STATES] },
            count: count('Tasks in this state.'),
            applies: { type: 'boolean', description: 'The action applies to them.' },
            why: text('Why it does not.'),
          },
          ['why'],
        ),
      ),
      others: list(object({ why: text('Why they are left as they are.'), count: count('How many.') }), {
        description: 'Left as they are whatever their state.',
      }),
      sample: list(ref('TaskView'), { description: 'The newest ten.' }),
      sampleGone: count('Those of the sample that Redis has dropped by its retention.'),
    },
    ['to', 'q'],
  ),
  BulkActionView: object(
    {
      id: text('Its id.'),
      action: ACTION,
      to: TO,
      q: text('The query in its plain form; absent where the tasks were named.'),
      reason: REASON,
      by: text('Who ordered it.'),
      state: {
        type: 'string',
        enum: [...BULK_STATES],
        description:
          '`pending` until `startsAt`, then `running`; it ends `completed`, `aborted` on the way, `undone` before anything was touched, or `failed`.',
      },
      stopping: { type: 'boolean', description: 'An abort was asked for; it ends after the tasks in hand.' },
      total: { ...orNull(count('')), description: 'Tasks it is about; null while they are gathered.' },
      counts: object(
        Object.fromEntries(BULK_OUTCOMES.map((outcome) => [outcome, count('Tasks with this outcome.')])),
        [],
        { description: '`untouched` ones have not had their turn. Together they are `total`.' },
      ),
      createdAt: time('When it was ordered: tasks of later are not meant.'),
      startsAt: time('Nothing is touched before.'),
      startedAt: time('When it began.'),
      finishedAt: time('When it ended.'),
      aborted: object({ by: text('Who stopped it.'), at: time('When.') }),
      trouble: text('What it waits for, or why it failed.'),
      perSecond: count('Tasks a second, while it runs.'),
      leftMs: count('How long it will probably take.'),
      links: object({
        self: text('This.', { format: 'uri-reference' }),
        page: text('Its page.', { format: 'uri-reference' }),
        outcomes: text('What became of each task.', { format: 'uri-reference' }),
        abort: text('Stops it.', { format: 'uri-reference' }),
      }),
    },
    ['to', 'q', 'reason', 'startedAt', 'finishedAt', 'aborted', 'trouble', 'perSecond', 'leftMs'],
  ),
  BulkActionList: object(
    { items: list(ref('BulkActionView')), nextCursor: text('Of the page after this one.') },
    ['nextCursor'],
  ),
  BulkActionOutcome: object(
    {
      queue: text('The task’s queue; empty where nobody knows it.'),
      id: text('The task’s id.'),
      outcome: {
        type: 'string',
        enum: [...BULK_OUTCOMES],
        description: '`asked`: the worker that runs it has been told to let go.',
      },
      detail: text('Why it was skipped or failed.'),
      at: time('When.'),
      links: object({
        self: text('The task.', { format: 'uri-reference' }),
        page: text('Its page.', { format: 'uri-reference' }),
      }),
    },
    ['detail', 'at'],
  ),
  BulkActionOutcomes: object(
    { items: list(ref('BulkActionOutcome')), nextCursor: text('Of the page after this one.') },
    ['nextCursor'],
  ),
  MoveRequest: object(
    { queue: { type: 'string', enum: [...QUEUE_NAMES], description: 'Where it is to wait on.' } },
    [],
    { additionalProperties: false },
  ),
};
