import * as s from './schema.js';
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

export const TaskState = s.named(
  'TaskState',
  s.oneOf(
    TASK_STATES,
    'waiting: ready to run, in its queue · delayed: waits for its time, or between two attempts · active: a worker runs it · ' +
      'completed, failed, cancelled, expired: finished; only a retry or a deletion changes it.',
  ),
);

export const StateCounts = s.named(
  'StateCounts',
  s.object(
    Object.fromEntries(
      TASK_STATES.map((state) => [state, s.count(`Tasks in the state ${state}.`)]),
    ) as Record<State, ReturnType<typeof s.count>>,
  ),
);

const PROGRESS = {
  percent: s.orNull(s.number({ minimum: 0, maximum: 100 }), 'null while the total is not known.'),
  done: s.optional(s.number()),
  total: s.optional(s.number()),
  message: s.optional(s.text('Current step, for users.')),
  details: s.optional(
    s.anything(
      'What another program reported beside these, as it did, such as {"step": 3}. Of more than 1,000 characters of JSON the beginning, as text.',
    ),
  ),
};

export const TaskProgress = s.named('TaskProgress', s.object(PROGRESS));
/** Progress of a running task. */
export type TaskProgress = s.Static<typeof TaskProgress>;

export const TaskFailure = s.recursive('TaskFailure', (self) =>
  s.object(
    {
      name: s.text('Name of the error.', { examples: ['PermanentError'] }),
      message: s.text('Message for users.'),
      stack: s.optional(s.text('Stack trace. Missing where the failing code provided none.')),
      code: s.optional(
        s.text('Error code such as ECONNREFUSED; numbers as text.', { examples: ['ECONNREFUSED'] }),
      ),
      details: s.optional(
        s.anyObject(
          'Other own properties of the error, such as `syscall` or `status`. Long texts, long lists and deep objects are truncated; class instances are replaced by the name of the class. Values with secret names (`password`, `authorization`, ...) are `[hidden]` and never stored.',
        ),
      ),
      cause: s.optional(self),
      errors: s.optional(s.list(self, 'Inner errors of an AggregateError; the first ten.')),
      omittedCauses: s.optional(s.count('Number of causes left out between this error and `cause`.')),
      omittedErrors: s.optional(s.count('Number of inner errors left out of `errors`.')),
    },
    {
      description: 'An error with its causes. In lists of tasks it has only its name and its message.',
    },
  ),
);
/** Error of a handler, within limits. */
export type TaskFailure = s.Static<typeof TaskFailure>;

export const TaskLinks = s.named(
  'TaskLinks',
  s.object({
    self: s.text('REST URL of the task.'),
    page: s.text('URL of the page.'),
    events: s.text('URL of the event stream.'),
    logs: s.text('REST URL of the log lines.'),
  }),
);

const CANCEL = {
  by: s.text('User or token.'),
  at: s.time('Time of the cancel.'),
  reason: s.optional(s.text('Reason given by the user.')),
};
const timeout = (effect: string) =>
  s.optional(
    s.integer({
      minimum: 1,
      description: `Time after which an attempt ${effect}, ms, where the submission sets it.`,
    }),
  );

export const TaskView = s.named(
  'TaskView',
  s.object(
    {
      id: s.text('Id; never changes, also where the task was submitted again with the same Idempotency-Key.'),
      type: s.text('Name of its task type.', { examples: ['divide'] }),
      queue: s.text('Name of its queue.', { examples: ['default'] }),
      state: TaskState,
      input: s.optional(s.anything('Input with defaults filled in. Missing in lists where it is large.')),
      inputPreview: s.optional(s.text('The first characters of the input as JSON.')),
      result: s.optional(
        s.anything('Result, any JSON, of a completed task. Missing in lists where it is large.'),
      ),
      error: s.orNull(TaskFailure),
      progress: s.orNull(TaskProgress),
      attempts: s.object({ made: s.count('Attempts that have ended.'), max: s.integer({ minimum: 1 }) }),
      priority: s.count('0: none; otherwise 1 is the highest.'),
      tags: s.list(s.string()),
      createdAt: s.time('When it was submitted.'),
      delayUntil: s.optional(s.time('End of the delay: the requested start, or the next attempt.')),
      expiresAt: s.optional(s.time('When it expires, unless it has started before.')),
      softTimeoutMs: timeout('is asked to stop'),
      hardTimeoutMs: timeout('fails'),
      startedAt: s.optional(s.time('Start of the last attempt.')),
      finishedAt: s.optional(s.time('When it finished.')),
      waitMs: s.optional(s.count('Time from ready to run until the start, ms.')),
      runMs: s.optional(s.count('Run time of the last attempt, ms; of a running one, up to now.')),
      worker: s.optional(s.text('Name of the worker that ran it last.')),
      rerunOf: s.optional(s.text('Id of the task that this one is a rerun of.')),
      origin: s.deprecated(s.string(), 'rerunOf'),
      source: s.optional(
        s.constant(
          'history',
          'Set where only the history has the task: Redis has dropped it, or it belongs to another program. It is read-only, except that a task of another program can be retried, promoted and deleted with its `queue`.',
        ),
      ),
      kept: s.deprecated(s.constant('history'), 'source'),
      cut: s.optional(
        s.list(
          s.oneOf(['input', 'result']),
          'Parts that are missing because they were too long to be stored in full.',
        ),
      ),
      cancelled: s.optional(s.object(CANCEL, { description: 'Set in the state cancelled.' })),
      cancelRequested: s.optional(
        s.object(
          {
            ...CANCEL,
            note: s.optional(s.text('Reason why it is still running; only in the answer to a cancel.')),
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
export type TaskView = s.Static<typeof TaskView>;

export const AttemptView = s.named(
  'AttemptView',
  s.object(
    {
      number: s.integer({ minimum: 1 }),
      worker: s.optional(s.text('Name of the worker that ran it.')),
      startedAt: s.optional(s.time('When it started.')),
      finishedAt: s.optional(s.time('When it ended.')),
      runMs: s.optional(s.count('Run time, ms.')),
      outcome: s.optional(
        s.oneOf(
          ['completed', 'failed', 'lost', 'cancelled', 'expired', 'postponed'],
          'Missing while it runs. postponed: its handler asked to run again later (`RetryLaterError`), and the attempt is not counted. lost: its worker was lost during the attempt, and the task ran again.',
        ),
      ),
      error: s.optional(TaskFailure),
      version: s.optional(
        s.text('APP_VERSION of the worker that ran it, where it is known.', { examples: ['9f86d08'] }),
      ),
    },
    { description: 'One run of a task by one worker.' },
  ),
);
export type AttemptView = s.Static<typeof AttemptView>;

export const TransitionView = s.named(
  'TransitionView',
  s.object({
    at: s.time('Time of the transition.'),
    state: TaskState,
    attempt: s.optional(s.integer({ minimum: 1 })),
    detail: s.optional(s.text('Reason, or the worker.')),
  }),
);
export type TransitionView = s.Static<typeof TransitionView>;

export const ProgressSample = s.named(
  'ProgressSample',
  s.object({
    ...PROGRESS,
    at: s.time('Time of the sample.'),
    message: s.optional(s.text('Step at that time, for users.')),
  }),
);
/** Progress of a task at one time. */
export type ProgressSample = s.Static<typeof ProgressSample>;

export const LogLine = s.named(
  'LogLine',
  s.object(
    {
      n: s.count('Line number, from 0; unique within the task.'),
      at: s.text('Time of the line, ISO 8601; empty for a line of another program.'),
      level: s.oneOf(['debug', 'info', 'warn', 'error']),
      attempt: s.integer({ minimum: 1 }),
      text: s.text('Text, truncated at 4,000 characters.'),
    },
    { description: 'One log line of the task.' },
  ),
);
/** Line that a handler wrote with `ctx.log`. */
export type LogLine = s.Static<typeof LogLine>;

export const TaskPage = s.named(
  'TaskPage',
  s.object({
    items: s.list(TaskView, 'Tasks, newest first or ordered by `sort`.'),
    total: s.count('Number of matches; a lower bound where `totalIsExact` is false.'),
    totalIsExact: s.flag('False where a complete count would take too long.'),
    nextCursor: s.NEXT_CURSOR,
    lagMs: s.optional(
      s.countOrNull('Delay of the list, ms; null where it is not known. Missing where the list is current.'),
    ),
  }),
);
export type TaskPage = s.Static<typeof TaskPage>;
