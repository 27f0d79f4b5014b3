import {
  anyObject,
  anything,
  constant,
  count,
  countOrNull,
  deprecated,
  flag,
  integer,
  list,
  named,
  NEXT_CURSOR,
  number,
  object,
  oneOf,
  optional,
  orNull,
  recursive,
  string,
  text,
  time,
  type Static,
} from './schema.js';
import { TASK_STATES, type TaskState as State } from './states.js';

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

export const TaskState = named(
  'TaskState',
  oneOf(
    TASK_STATES,
    'waiting: ready to run, in its queue · delayed: waits for its time, or between two attempts · active: a worker runs it · ' +
      'completed, failed, cancelled, expired: finished; only a retry or a deletion changes it.',
  ),
);

export const StateCounts = named(
  'StateCounts',
  object(
    Object.fromEntries(TASK_STATES.map((state) => [state, count(`Tasks in the state ${state}.`)])) as Record<
      State,
      ReturnType<typeof count>
    >,
  ),
);

const PROGRESS = {
  percent: orNull(number({ minimum: 0, maximum: 100 }), 'null while the total is not known.'),
  done: optional(number()),
  total: optional(number()),
  message: optional(text('Current step, for users.')),
  details: optional(
    anything(
      'What another program reported beside these, as it did, such as {"step": 3}. Of more than 1,000 characters of JSON the beginning, as text.',
    ),
  ),
};

export const TaskProgress = named('TaskProgress', object(PROGRESS));
/** Progress of a running task. */
export type TaskProgress = Static<typeof TaskProgress>;

export const TaskFailure = recursive('TaskFailure', (self) =>
  object(
    {
      name: text('Name of the error.', { examples: ['PermanentError'] }),
      message: text('Message for users.'),
      stack: optional(text('Stack trace. Missing where the failing code provided none.')),
      code: optional(
        text('Error code such as ECONNREFUSED; numbers as text.', { examples: ['ECONNREFUSED'] }),
      ),
      details: optional(
        anyObject(
          'Other own properties of the error, such as `syscall` or `status`. Long texts, long lists and deep objects are truncated; class instances are replaced by the name of the class. Values with secret names (`password`, `authorization`, ...) are `[hidden]` and never stored.',
        ),
      ),
      cause: optional(self),
      errors: optional(list(self, 'Inner errors of an AggregateError; the first ten.')),
      omittedCauses: optional(count('Number of causes left out between this error and `cause`.')),
      omittedErrors: optional(count('Number of inner errors left out of `errors`.')),
    },
    {
      description: 'An error with its causes. In lists of tasks it has only its name and its message.',
    },
  ),
);
/** Error of a handler, within limits. */
export type TaskFailure = Static<typeof TaskFailure>;

export const TaskLinks = named(
  'TaskLinks',
  object({
    self: text('REST URL of the task.'),
    page: text('URL of the page.'),
    events: text('URL of the event stream.'),
    logs: text('REST URL of the log lines.'),
  }),
);

const CANCEL = {
  by: text('User or token.'),
  at: time('Time of the cancel.'),
  reason: optional(text('Reason given by the user.')),
};
const timeout = (effect: string) =>
  optional(
    integer({
      minimum: 1,
      description: `Time after which an attempt ${effect}, ms, where the submission sets it.`,
    }),
  );

export const TaskView = named(
  'TaskView',
  object(
    {
      id: text('Id; never changes, also where the task was submitted again with the same Idempotency-Key.'),
      type: text('Name of its task type.', { examples: ['divide'] }),
      queue: text('Name of its queue.', { examples: ['default'] }),
      state: TaskState,
      input: optional(anything('Input with defaults filled in. Missing in lists where it is large.')),
      inputPreview: optional(text('The first characters of the input as JSON.')),
      result: optional(
        anything('Result, any JSON, of a completed task. Missing in lists where it is large.'),
      ),
      error: orNull(TaskFailure),
      progress: orNull(TaskProgress),
      attempts: object({ made: count('Attempts that have ended.'), max: integer({ minimum: 1 }) }),
      priority: count('0: none; otherwise 1 is the highest.'),
      tags: list(string()),
      createdAt: time('When it was submitted.'),
      delayUntil: optional(time('End of the delay: the requested start, or the next attempt.')),
      expiresAt: optional(time('When it expires, unless it has started before.')),
      softTimeoutMs: timeout('is asked to stop'),
      hardTimeoutMs: timeout('fails'),
      startedAt: optional(time('Start of the last attempt.')),
      finishedAt: optional(time('When it finished.')),
      waitMs: optional(count('Time from ready to run until the start, ms.')),
      runMs: optional(count('Run time of the last attempt, ms; of a running one, up to now.')),
      worker: optional(text('Name of the worker that ran it last.')),
      rerunOf: optional(text('Id of the task that this one is a rerun of.')),
      origin: deprecated(string(), 'rerunOf'),
      source: optional(
        constant(
          'history',
          'Set where only the history has the task: Redis has dropped it, or it belongs to another program. It is read-only, except that a task of another program can be retried, promoted and deleted with its `queue`.',
        ),
      ),
      kept: deprecated(constant('history'), 'source'),
      cut: optional(
        list(
          oneOf(['input', 'result']),
          'Parts that are missing because they were too long to be stored in full.',
        ),
      ),
      cancelled: optional(object(CANCEL, { description: 'Set in the state cancelled.' })),
      cancelRequested: optional(
        object(
          {
            ...CANCEL,
            note: optional(text('Reason why it is still running; only in the answer to a cancel.')),
          },
          { description: 'Set while it still runs after a cancel.' },
        ),
      ),
      links: TaskLinks,
    },
    { description: 'One task. Times are ISO 8601 in UTC, durations milliseconds.', examples: [EXAMPLE] },
  ),
);
/**
 * Task as REST and pages show it. Lists omit large `input` and `result` and contain `inputPreview` instead: a page of
 * fifty tasks must not transfer fifty payloads.
 */
export type TaskView = Static<typeof TaskView>;

export const AttemptView = named(
  'AttemptView',
  object(
    {
      number: integer({ minimum: 1 }),
      worker: optional(text('Name of the worker that ran it.')),
      startedAt: optional(time('When it started.')),
      finishedAt: optional(time('When it ended.')),
      runMs: optional(count('Run time, ms.')),
      outcome: optional(
        oneOf(
          ['completed', 'failed', 'lost', 'cancelled', 'expired', 'postponed'],
          'Missing while it runs. postponed: its handler asked to run again later (`RetryLaterError`), and the attempt is not counted. lost: its worker was lost during the attempt, and the task ran again.',
        ),
      ),
      error: optional(TaskFailure),
      version: optional(
        text('APP_VERSION of the worker that ran it, where it is known.', { examples: ['9f86d08'] }),
      ),
    },
    { description: 'One run of a task by one worker.' },
  ),
);
export type AttemptView = Static<typeof AttemptView>;

export const TransitionView = named(
  'TransitionView',
  object({
    at: time('Time of the transition.'),
    state: TaskState,
    attempt: optional(integer({ minimum: 1 })),
    detail: optional(text('Reason, or the worker.')),
  }),
);
export type TransitionView = Static<typeof TransitionView>;

export const ProgressSample = named(
  'ProgressSample',
  object({
    ...PROGRESS,
    at: time('Time of the sample.'),
    message: optional(text('Step at that time, for users.')),
  }),
);
/** Progress of a task at one time. */
export type ProgressSample = Static<typeof ProgressSample>;

export const LogLine = named(
  'LogLine',
  object(
    {
      n: count('Line number, from 0; unique within the task.'),
      at: text('Time of the line, ISO 8601; empty for a line of another program.'),
      level: oneOf(['debug', 'info', 'warn', 'error']),
      attempt: integer({ minimum: 1 }),
      text: text('Text, truncated at 4,000 characters.'),
    },
    { description: 'One log line of the task.' },
  ),
);
/** Line that a handler wrote with `ctx.log`. */
export type LogLine = Static<typeof LogLine>;

export const TaskPage = named(
  'TaskPage',
  object({
    items: list(TaskView, 'Tasks, newest first or ordered by `sort`.'),
    total: count('Number of matches; a lower bound where `totalIsExact` is false.'),
    totalIsExact: flag('False where a complete count would take too long.'),
    nextCursor: NEXT_CURSOR,
    lagMs: optional(
      countOrNull('Delay of the list, ms; null where it is not known. Missing where the list is current.'),
    ),
  }),
);
export type TaskPage = Static<typeof TaskPage>;
