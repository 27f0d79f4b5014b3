import { TASK_STATES } from '../../model/states.js';
import { count, list, object, orNull, ref, text, time, type Schemas } from '../schema.js';

const EXAMPLE_ID = 't1m839j6r8k9f0ck3v5es01e2z';

const PROGRESS_DETAILS =
  'What another program reported beside these, as it did, such as {"step": 3}. Of more than 1,000 characters of JSON the beginning, as text.';

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

/** Schemas of tasks and their timeline (src/model/task-view.ts). */
export const TASK_SCHEMAS: Schemas = {
  TaskState: {
    type: 'string',
    enum: [...TASK_STATES],
    description:
      'waiting: ready to run, in its queue · delayed: waits for its time, or between two attempts · active: a worker runs it · ' +
      'completed, failed, cancelled, expired: finished; only a retry or a deletion changes it.',
  },
  StateCounts: object(
    Object.fromEntries(TASK_STATES.map((state) => [state, count(`Tasks in the state ${state}.`)])),
  ),
  TaskFailure: object(
    {
      name: text('Name of the error.', { examples: ['PermanentError'] }),
      message: text('Message for users.'),
      stack: text('Stack trace. Missing where the failing code provided none.'),
      code: text('Error code such as ECONNREFUSED; numbers as text.', { examples: ['ECONNREFUSED'] }),
      details: {
        type: 'object',
        additionalProperties: true,
        description:
          'Other own properties of the error, such as `syscall` or `status`. Long texts, long lists and deep objects are truncated; class instances are replaced by the name of the class. Values with secret names (`password`, `authorization`, ...) are `[hidden]` and never stored.',
      },
      cause: ref('TaskFailure'),
      errors: list(ref('TaskFailure'), {
        description: 'Inner errors of an AggregateError; the first ten.',
      }),
      omittedCauses: count('Number of causes left out between this error and `cause`.'),
      omittedErrors: count('Number of inner errors left out of `errors`.'),
    },
    ['stack', 'code', 'details', 'cause', 'errors', 'omittedCauses', 'omittedErrors'],
    {
      description: 'An error with its causes. In lists of tasks it has only its name and its message.',
    },
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
      message: text('Current step, for users.'),
      details: { description: PROGRESS_DETAILS },
    },
    ['done', 'total', 'message', 'details'],
  ),
  TaskLinks: object({
    self: text('REST URL of the task.'),
    page: text('URL of the page.'),
    events: text('URL of the event stream.'),
    logs: text('REST URL of the log lines.'),
  }),
  TaskView: taskView(),
  AttemptView: object(
    {
      number: { type: 'integer', minimum: 1 },
      worker: text('Name of the worker that ran it.'),
      startedAt: time('When it started.'),
      finishedAt: time('When it ended.'),
      runMs: count('Run time, ms.'),
      outcome: {
        type: 'string',
        enum: ['completed', 'failed', 'lost', 'cancelled', 'expired', 'postponed'],
        description:
          'Missing while it runs. postponed: its handler asked to run again later (`RetryLaterError`), and the attempt is not counted. lost: its worker was lost during the attempt, and the task ran again.',
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
      at: time('Time of the transition.'),
      state: ref('TaskState'),
      attempt: { type: 'integer', minimum: 1 },
      detail: text('Reason, or the worker.'),
    },
    ['attempt', 'detail'],
  ),
  TransitionList: object({ items: list(ref('TransitionView')) }),
  ProgressSample: object(
    {
      at: time('Time of the sample.'),
      percent: {
        type: ['number', 'null'],
        minimum: 0,
        maximum: 100,
        description: 'null while the total is not known.',
      },
      done: { type: 'number' },
      total: { type: 'number' },
      message: text('Step at that time, for users.'),
      details: { description: PROGRESS_DETAILS },
    },
    ['done', 'total', 'message', 'details'],
  ),
  ProgressList: object({ items: list(ref('ProgressSample')) }),
  LogLine: object(
    {
      n: count('Line number, from 0; unique within the task.'),
      at: text('Time of the line, ISO 8601; empty for a line of another program.'),
      level: { type: 'string', enum: ['debug', 'info', 'warn', 'error'] },
      attempt: { type: 'integer', minimum: 1 },
      text: text('Text, truncated at 4,000 characters.'),
    },
    [],
    { description: 'One log line of the task.' },
  ),
  LogPage: object({
    items: list(ref('LogLine')),
    total: count('Number of lines written; the last 1,000 are stored.'),
  }),
};

function taskView() {
  return object(
    {
      id: text('Id; never changes, also where the task was submitted again with the same Idempotency-Key.'),
      type: text('Name of its task type.', { examples: ['divide'] }),
      queue: text('Name of its queue.', { examples: ['default'] }),
      state: ref('TaskState'),
      input: {
        description: 'Input with defaults filled in. Missing in lists where it is large.',
      },
      inputPreview: text('The first characters of the input as JSON.'),
      result: {
        description: 'Result, any JSON, of a completed task. Missing in lists where it is large.',
      },
      error: orNull(ref('TaskFailure')),
      progress: orNull(ref('TaskProgress')),
      attempts: object({ made: count('Attempts that have ended.'), max: { type: 'integer', minimum: 1 } }),
      priority: count('0: none; otherwise 1 is the highest.'),
      tags: list({ type: 'string' }),
      createdAt: time('When it was submitted.'),
      delayUntil: time('End of the delay: the requested start, or the next attempt.'),
      expiresAt: time('When it expires, unless it has started before.'),
      softTimeoutMs: {
        type: 'integer',
        minimum: 1,
        description: 'Time after which an attempt is asked to stop, ms, where the submission sets it.',
      },
      hardTimeoutMs: {
        type: 'integer',
        minimum: 1,
        description: 'Time after which an attempt fails, ms, where the submission sets it.',
      },
      startedAt: time('Start of the last attempt.'),
      finishedAt: time('When it finished.'),
      waitMs: count('Time from ready to run until the start, ms.'),
      runMs: count('Run time of the last attempt, ms; of a running one, up to now.'),
      worker: text('Name of the worker that ran it last.'),
      origin: text('Id of the task that this one is a rerun of.'),
      kept: {
        const: 'history',
        description:
          'Set where only the history has the task: Redis has dropped it, or it belongs to another program. It is read-only, except that a task of another program can be retried, promoted and deleted with its `queue`.',
      },
      cut: list(
        { type: 'string', enum: ['input', 'result'] },
        { description: 'Parts that are missing because they were too long to be stored in full.' },
      ),
      cancelled: object(
        {
          by: text('User or token.'),
          at: time('Time of the cancel.'),
          reason: text('Reason given by the user.'),
        },
        ['reason'],
        { description: 'Set in the state cancelled.' },
      ),
      cancelRequested: object(
        {
          by: text('User or token.'),
          at: time('Time of the cancel.'),
          reason: text('Reason given by the user.'),
          note: text('Reason why it is still running; only in the answer to a cancel.'),
        },
        ['reason', 'note'],
        { description: 'Set while it still runs after a cancel.' },
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
        'softTimeoutMs',
        'hardTimeoutMs',
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
