import { count, list, object, ref, text, time, type Schemas } from '../schema.js';

const known = (description: string) => ({ type: ['integer', 'null'], minimum: 0, description });

const CHECK = object({ ok: { type: 'boolean' }, detail: text('What is missing.') }, ['detail']);

const QUEUE: Schemas = {
  name: text('Its name.', { examples: ['default'] }),
  counts: ref('StateCounts'),
  oldestWaitingMs: {
    type: ['integer', 'null'],
    minimum: 0,
    description: 'How long the task next in turn has been ready to run; null while none waits.',
  },
  paused: { type: 'boolean', description: 'Paused: workers take nothing new from it.' },
};

/** Queues, Redis and health, as monitoring/ has them. */
export const MONITORING_SCHEMAS: Schemas = {
  QueueOverview: object({
    ...QUEUE,
    workers: count('Workers online that serve it.'),
  }),
  OtherQueue: object(QUEUE),
  MinuteCount: object({
    at: time('Start of the minute.'),
    completed: count('Tasks completed within it.'),
    failed: count('Tasks failed for good within it.'),
  }),
  RedisOverview: object({
    version: text('Of the server. All else is null or `unknown` where the user of Redis may not use INFO.'),
    usedMemoryBytes: known('In use.'),
    peakMemoryBytes: known('The most there was.'),
    maxMemoryBytes: known('Its limit; 0 for none.'),
    clients: known('Connections.'),
    uptimeSeconds: known('Since its start.'),
    opsPerSecond: known('Commands in the last second.'),
    aofEnabled: { type: ['boolean', 'null'], description: 'Whether a crash leaves the tasks on disk.' },
    aofOk: {
      type: ['boolean', 'null'],
      description: 'Whether the last write of the append-only file went well.',
    },
    evictionPolicy: text('Anything but `noeviction` endangers tasks.'),
  }),
  Warning: object(
    {
      code: text('For programs.', { examples: ['NO_WORKER'] }),
      message: text('What endangers tasks.'),
      cure: text('What to do about it.'),
      href: text('Page with more.'),
    },
    ['href'],
  ),
  MonitorOverview: object({
    at: time('When this was read.'),
    queues: list(ref('QueueOverview')),
    otherQueues: list(ref('OtherQueue'), {
      description: 'Of other programs on the same Redis, as `<prefix>:<name>`.',
    }),
    totals: ref('StateCounts'),
    lastHour: object({
      minutes: list(ref('MinuteCount'), {
        minItems: 60,
        maxItems: 60,
        description: 'Oldest first, the running one last.',
      }),
      completed: count('Within the hour.'),
      failed: count('Within the hour.'),
    }),
    workers: list(ref('WorkerView')),
    redis: ref('RedisOverview'),
    warnings: list(ref('Warning')),
    newestFailures: list(ref('TaskView')),
  }),
  HistoryReport: object({
    recorder: ref('RecorderStatus'),
    store: object({
      bytes: count('On disk, with its log.'),
      tasks: count('Kept.'),
      oldestAt: {
        type: ['string', 'null'],
        format: 'date-time',
        description: 'When the oldest was created.',
      },
    }),
    retention: object({
      completedDays: count('Days a completed task is kept.'),
      failedDays: count('Days a failed, cancelled or expired one is kept.'),
      perState: count('Kept of each state at most.'),
    }),
  }),
  RecorderStatus: object(
    {
      state: {
        type: 'string',
        enum: ['recording', 'catching-up', 'elsewhere', 'starting', 'away', 'stopped'],
        description: '`elsewhere`: another web process records; `away`: Redis does not answer.',
      },
      holder: object({
        host: text('Its machine.'),
        pid: count('Of its process.'),
        since: time('When it began.'),
      }),
      at: time('When this was told.'),
      lagMs: count('Age of the oldest event not recorded; 0 where there is none.'),
      perSecond: { type: 'number', minimum: 0, description: 'Tasks recorded per second, over 10 s.' },
      error: text('What it stumbles over, while it does.'),
      queues: list(
        object({
          name: text("Of another program's queue with its prefix.", { examples: ['default', 'bull:mail'] }),
          ours: { type: 'boolean', description: 'Whether it is one of this Roost.' },
          place: text('The last entry of its event stream that is recorded.'),
          lagMs: count('As above.'),
        }),
      ),
      gaps: list(
        object(
          {
            queue: text('Its name.'),
            from: time('The last event recorded before it.'),
            to: time('The first one after it.'),
            noticedAt: time('When it was seen.'),
            reconciledAt: time('When all was read that Redis still had; absent until then.'),
            found: count('Tasks read because of it.'),
            vanished: count('Known tasks that Redis no longer has: how they ended is not known.'),
            sample: list(text('Id of one of those.')),
            detail: text('What happened.'),
          },
          ['reconciledAt'],
        ),
        { description: 'Stretches of events that nobody has read, the newest first.' },
      ),
    },
    ['holder', 'error'],
  ),
  Live: object({ status: { const: 'ok' } }),
  Ready: object({
    status: { type: 'string', enum: ['ok', 'unavailable'] },
    checks: object({ redis: CHECK, events: CHECK, workers: CHECK }),
  }),
};
