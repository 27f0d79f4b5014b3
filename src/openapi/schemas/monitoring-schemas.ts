import { count, list, object, ref, text, time, type Schemas } from '../schema.js';

const known = (description: string) => ({ type: ['integer', 'null'], minimum: 0, description });

const CHECK_MEMBERS: Schemas = { ok: { type: 'boolean' }, detail: text('Reason of the failure.') };
const CHECK = object(CHECK_MEMBERS, ['detail']);

const REDIS_STATE: Schemas = {
  role: { type: 'string', enum: ['primary', 'replica', 'unknown'], description: 'Role reported by Redis.' },
  writes: {
    type: 'string',
    enum: ['accepted', 'refused', 'unknown'],
    description: 'Result of the latest test write.',
  },
};

const QUEUE: Schemas = {
  name: text('Name of the queue.', { examples: ['default'] }),
  counts: ref('StateCounts'),
  oldestWaitingMs: {
    type: ['integer', 'null'],
    minimum: 0,
    description: 'How long the next task has been ready to run, ms; null while none waits.',
  },
  paused: { type: 'boolean', description: 'True while paused: workers start no new tasks from it.' },
};

/** Schemas of the dashboard, the history, Redis and health (src/monitoring). */
export const MONITORING_SCHEMAS: Schemas = {
  QueueOverview: object({
    ...QUEUE,
    workers: count('Workers that serve it, including those with unknown status.'),
  }),
  OtherQueue: object(QUEUE),
  MinuteCount: object({
    at: time('Start of the minute.'),
    completed: count('Tasks completed in this minute.'),
    failed: count('Tasks failed permanently in this minute.'),
  }),
  RedisOverview: object({
    version: text(
      'Version of the server. All other fields are null or `unknown` where the Redis user may not use INFO.',
    ),
    usedMemoryBytes: known('In use.'),
    peakMemoryBytes: known('The most there was.'),
    maxMemoryBytes: known('Its limit; 0 for none.'),
    clients: known('Connections.'),
    uptimeSeconds: known('Since its start.'),
    opsPerSecond: known('Commands in the last second.'),
    aofEnabled: {
      type: ['boolean', 'null'],
      description: 'Whether the append-only file is on, so that tasks survive a crash.',
    },
    aofOk: {
      type: ['boolean', 'null'],
      description: 'Whether the last write of the append-only file succeeded.',
    },
    evictionPolicy: text('The maxmemory-policy. Any value except `noeviction` endangers tasks.'),
    ...REDIS_STATE,
  }),
  Warning: object(
    {
      code: text('Code for programs.', { examples: ['NO_WORKER'] }),
      message: text('Description of the danger.'),
      cure: text('What to do about it.'),
      href: text('Page with details.'),
    },
    ['href'],
  ),
  MonitorOverview: object({
    at: time('Time of the reading.'),
    queues: list(ref('QueueOverview')),
    otherQueues: list(ref('OtherQueue'), {
      description: 'Queues of other programs on the same Redis, as `<prefix>:<name>`.',
    }),
    totals: ref('StateCounts'),
    lastHour: object({
      minutes: list(ref('MinuteCount'), {
        minItems: 60,
        maxItems: 60,
        description: 'Minutes, oldest first, the current one last.',
      }),
      completed: count('Tasks completed within the hour.'),
      failed: count('Tasks failed within the hour.'),
    }),
    workers: list(ref('WorkerView')),
    redis: ref('RedisOverview'),
    warnings: list(ref('Warning')),
    newestFailures: list(ref('TaskView')),
  }),
  HistoryReport: object({
    recorder: ref('RecorderStatus'),
    store: object({
      file: text('Path as opened by this web app.'),
      bytes: count('Size on disk, including the write-ahead log.'),
      tasks: count('Number of tasks.'),
      oldestAt: {
        type: ['string', 'null'],
        format: 'date-time',
        description: 'When the oldest task was created.',
      },
    }),
    retention: object({
      completedDays: count('Retention of completed tasks, days.'),
      failedDays: count('Retention of failed, cancelled and expired tasks, days.'),
      perState: count('Maximum number of tasks per state.'),
    }),
  }),
  RecorderStatus: object(
    {
      state: {
        type: 'string',
        enum: ['recording', 'catching-up', 'elsewhere', 'starting', 'away', 'stopped'],
        description:
          '`elsewhere`: another process records into this file; `away`: Redis does not answer; `stopped`: nothing is recorded, see `error`.',
      },
      holder: object({
        host: text('Host of the recorder.'),
        pid: count('Process id of the recorder.'),
        since: time('When it started recording.'),
      }),
      at: time('Time of the status.'),
      checkedAt: time(
        'When this web app last read from Redis which process records; absent before the first time.',
      ),
      lagMs: known(
        'Age of the oldest event not recorded; 0 where there is none, null while it is not known.',
      ),
      perSecond: { type: 'number', minimum: 0, description: 'Tasks recorded per second, over 10 s.' },
      error: text('Current error of the recorder.'),
      queues: list(
        object({
          name: text("Name of the queue; with its prefix for another program's queue.", {
            examples: ['default', 'bull:mail'],
          }),
          ours: { type: 'boolean', description: 'Whether the queue belongs to this Roost.' },
          place: text('Last recorded entry of its event stream.'),
          lagMs: known('As above.'),
        }),
      ),
      gaps: list(
        object(
          {
            queue: text('Name of the queue.'),
            from: time('Last event recorded before the gap.'),
            to: time('First event after the gap.'),
            noticedAt: time('When the gap was detected.'),
            reconciledAt: time('When the remaining data in Redis had been read; absent before.'),
            found: count('Tasks recovered from Redis.'),
            vanished: count('Known tasks that Redis no longer has; their outcome is not known.'),
            sample: list(text('Id of a vanished task.')),
            detail: text('Cause of the gap.'),
          },
          ['reconciledAt'],
        ),
        { description: 'Gaps of events that were not recorded, the newest first.' },
      ),
    },
    ['holder', 'checkedAt', 'error'],
  ),
  Live: object({ status: { const: 'ok' } }),
  Ready: object({
    status: { type: 'string', enum: ['ok', 'unavailable'] },
    checks: object({
      redis: object({ ...CHECK_MEMBERS, ...REDIS_STATE }, ['detail']),
      events: CHECK,
      workers: CHECK,
    }),
    history: object(
      {
        recordedBy: {
          type: 'string',
          enum: ['this web app', 'another process', 'unknown'],
          description: 'Which process records into the history of this web app. Tasks run without it.',
        },
        checkedAt: time('When this web app last read that from Redis; absent before the first time.'),
        detail: text('Reason why it does not record.'),
      },
      ['checkedAt', 'detail'],
    ),
  }),
};
