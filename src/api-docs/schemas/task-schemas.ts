import { TASK_STATES } from '../../contract/states.js';
import { count, list, object, orNull, ref, text, time, type Schemas } from '../schema.js';

const EXAMPLE_ID = 't1m839j6r8k9f0ck3v5es01e2z';

const EXAMPLE = {
  id: EXAMPLE_ID,
  type: 'divide',
  queue: 'default',
  state: 'completed',
  input: { x: 10, y: 2, digits: 20, stepDelayMs: 0 },
  inputPreview: '{"x":10,"y":2,"digits":20,"stepDelayMs":0}',
  result: { quotient: 5, decimal: '5', exact: true },
  error: null,
  progress: { percent: 100, done: 1, total: 1, message: 'Integer part' },
  attempts: { made: 1, max: 1 },
  priority: 0,
  tags: [],
  createdAt: '2026-09-21T13:46:40.000Z',
  startedAt: '2026-09-21T13:46:40.004Z',
  finishedAt: '2026-09-21T13:46:40.021Z',
  waitMs: 4,
  runMs: 17,
  worker: 'ada-4711',
  links: {
    self: `/api/v1/tasks/${EXAMPLE_ID}`,
    page: `/tasks/${EXAMPLE_ID}`,
    events: `/api/v1/tasks/${EXAMPLE_ID}/events`,
    logs: `/api/v1/tasks/${EXAMPLE_ID}/logs`,
  },
};

/** Tasks and what happened to them, as contract/task-view.ts has them. */
export const TASK_SCHEMAS: Schemas = {
  TaskState: {
    type: 'string',
    enum: [...TASK_STATES],
    description:
      'waiting: ready to run, in its queue · delayed: waits for its time, or between two attempts · active: a worker runs it · ' +
      'completed, failed, cancelled, expired: settled; it changes only by a retry or by being deleted.',
  },
  StateCounts: object(
    Object.fromEntries(TASK_STATES.map((state) => [state, count(`Tasks in the state ${state}.`)])),
  ),
  TaskFailure: object(
    {
      name: text('The kind of error.', { examples: ['PermanentError'] }),
      message: text('What went wrong, for people.'),
      stack: text('Where it was thrown. Left out of lists, and where the failing code gave none.'),
    },
    ['stack'],
  ),
  TaskProgress: object(
    {
      percent: {
        type: ['number', 'null'],
        minimum: 0,
        maximum: 100,
        description: 'null while the total is not known.',
      },
      done: { type: 'number' },
      total: { type: 'number' },
      message: text('What it is at.'),
    },
    ['done', 'total', 'message'],
  ),
  TaskLinks: object({
    self: text('The task over REST.'),
    page: text('Its page for people.'),
    events: text('Its live events.'),
    logs: text('Its log lines.'),
  }),
  TaskView: taskView(),
  AttemptView: object(
    {
      number: { type: 'integer', minimum: 1 },
      worker: text('Name of the worker that ran it.'),
      startedAt: time('When it started.'),
      finishedAt: time('When it ended.'),
      runMs: count('How long it ran, ms.'),
      outcome: {
        type: 'string',
        enum: ['completed', 'failed', 'lost', 'cancelled', 'expired'],
        description: 'Missing while it runs. lost: its worker went away in the middle, the task ran again.',
      },
      error: ref('TaskFailure'),
      version: text('APP_VERSION of the worker that ran it, where it is known.', { examples: ['9f86d08'] }),
    },
    ['worker', 'startedAt', 'finishedAt', 'runMs', 'outcome', 'error', 'version'],
    { description: 'One run of a task by one worker.' },
  ),
  AttemptList: object({ items: list(ref('AttemptView')) }),
  TransitionView: object(
    {
      at: time('When.'),
      state: ref('TaskState'),
      attempt: { type: 'integer', minimum: 1 },
      detail: text('Why, or on which worker.'),
    },
    ['attempt', 'detail'],
  ),
  TransitionList: object({ items: list(ref('TransitionView')) }),
  ProgressSample: object(
    {
      at: time('When it was seen.'),
      percent: {
        type: ['number', 'null'],
        minimum: 0,
        maximum: 100,
        description: 'null while the total is not known.',
      },
      done: { type: 'number' },
      total: { type: 'number' },
      message: text('What it was at.'),
    },
    ['done', 'total', 'message'],
  ),
  ProgressList: object({ items: list(ref('ProgressSample')) }),
  LogLine: object(
    {
      n: count('Counts from 0 and never repeats within a task.'),
      at: text('When it was written, ISO 8601; empty for a line that another program wrote.'),
      level: { type: 'string', enum: ['debug', 'info', 'warn', 'error'] },
      attempt: { type: 'integer', minimum: 1 },
      text: text('The line, cut at 4,000 characters.'),
    },
    [],
    { description: 'One line that the task wrote while it ran.' },
  ),
  LogPage: object({
    items: list(ref('LogLine')),
    total: count('Lines written in all; the last 1,000 are kept.'),
  }),
};

function taskView() {
  return object(
    {
      id: text(
        'Stays the same for ever; also where the task was handed in again with the same Idempotency-Key.',
      ),
      type: text('Name of its task type.', { examples: ['divide'] }),
      queue: text('Name of its queue.', { examples: ['default'] }),
      state: ref('TaskState'),
      input: {
        description: 'What it was handed in with, defaults filled in. Left out of lists where it is large.',
      },
      inputPreview: text('The first characters of the input as JSON.'),
      result: {
        description:
          'What it gave back, any JSON. There once it is completed; left out of lists where it is large.',
      },
      error: orNull(ref('TaskFailure')),
      progress: orNull(ref('TaskProgress')),
      attempts: object({ made: count('Attempts that have ended.'), max: { type: 'integer', minimum: 1 } }),
      priority: count('0: none, 1: first of all.'),
      tags: list({ type: 'string' }),
      createdAt: time('When it was handed in.'),
      delayUntil: time('What it waits for while it is delayed: its run-at, or the next attempt.'),
      expiresAt: time('When it expires unless it has started by then.'),
      startedAt: time('Start of the last attempt.'),
      finishedAt: time('When it was settled.'),
      waitMs: count('From being ready to run until it started.'),
      runMs: count('How long the last attempt ran; of one under way, up to now.'),
      worker: text('Name of the worker that ran it last.'),
      origin: text('Id of the task that this one is a rerun of.'),
      kept: {
        const: 'history',
        description:
          'Where only the history has it: Redis has dropped it, or it is of another program. It can be looked at; one of another program can be retried, promoted and deleted with its `queue`.',
      },
      cut: list(
        { type: 'string', enum: ['input', 'result'] },
        { description: 'What was too long to be kept whole, and is left out for that.' },
      ),
      cancelled: object(
        { by: text('Who.'), at: time('When.'), reason: text('Why, in the words of who asked.') },
        ['reason'],
        { description: 'With the state cancelled.' },
      ),
      cancelRequested: object(
        {
          by: text('Who.'),
          at: time('When.'),
          reason: text('Why, in the words of who asked.'),
          note: text('What it waits for; in the answer to a cancel.'),
        },
        ['reason', 'note'],
        { description: 'While it runs on though it is to be cancelled.' },
      ),
      links: ref('TaskLinks'),
    },
    [
      ...[
        'input',
        'inputPreview',
        'result',
        'delayUntil',
        'expiresAt',
        'startedAt',
        'finishedAt',
        'waitMs',
        'runMs',
      ],
      ...['worker', 'origin', 'kept', 'cut', 'cancelled', 'cancelRequested'],
    ],
    { description: 'One task. Times are ISO 8601 in UTC, durations milliseconds.', examples: [EXAMPLE] },
  );
}
