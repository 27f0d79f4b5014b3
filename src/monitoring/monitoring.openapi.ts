import {
  count,
  countOrNull,
  flag,
  list,
  named,
  number,
  object,
  oneOf,
  optional,
  orNull,
  text,
  time,
  type Static,
} from '../model/schema.js';
import { StateCounts, TaskView } from '../model/task-view.js';
import { operations } from '../openapi/operation.js';
import { WorkerView } from '../workers/workers.openapi.js';
import { REDIS_STATE } from './health.openapi.js';

/** Members that every view of a queue has. */
export const QUEUE = {
  name: text('Name of the queue.', { examples: ['default'] }),
  counts: StateCounts,
  oldestWaitingMs: countOrNull('How long the next task has been ready to run, ms; null while none waits.'),
};
const WATCHED_QUEUE = {
  ...QUEUE,
  paused: flag('True while paused: workers start no new tasks from it.'),
};

const QueueOverview = named(
  'QueueOverview',
  object({
    ...WATCHED_QUEUE,
    workers: count('Workers that serve it, including those with unknown status.'),
  }),
);
export type QueueOverview = Static<typeof QueueOverview>;

const OtherQueue = named('OtherQueue', object(WATCHED_QUEUE));
export type OtherQueue = Static<typeof OtherQueue>;

const MinuteCount = named(
  'MinuteCount',
  object({
    at: time('Start of the minute.'),
    completed: count('Tasks completed in this minute.'),
    failed: count('Tasks failed permanently in this minute.'),
  }),
);
export type MinuteCount = Static<typeof MinuteCount>;

const Info = object({
  version: text(
    'Version of the server. All other fields are null or `unknown` where the Redis user may not use INFO.',
  ),
  usedMemoryBytes: countOrNull('In use.'),
  peakMemoryBytes: countOrNull('The most there was.'),
  maxMemoryBytes: countOrNull('Its limit; 0 for none.'),
  clients: countOrNull('Connections.'),
  uptimeSeconds: countOrNull('Since its start.'),
  opsPerSecond: countOrNull('Commands in the last second.'),
  aofEnabled: orNull(flag(), 'Whether the append-only file is on, so that tasks survive a crash.'),
  aofOk: orNull(flag(), 'Whether the last write of the append-only file succeeded.'),
  evictionPolicy: text('The maxmemory-policy. Any value except `noeviction` endangers tasks.'),
});
/** Overview of the Redis server from INFO. */
export type RedisOverview = Static<typeof Info>;

export const Warning = named(
  'Warning',
  object({
    code: text('Code for programs.', { examples: ['NO_WORKER'] }),
    message: text('Description of the danger.'),
    cure: text('What to do about it.'),
    href: optional(text('Page with details.')),
  }),
);
/** A condition that endangers tasks, with the action that fixes it. */
export type Warning = Static<typeof Warning>;

const MonitorOverview = named(
  'MonitorOverview',
  object({
    at: time('Time of the reading.'),
    queues: list(QueueOverview),
    otherQueues: list(OtherQueue, 'Queues of other programs on the same Redis, as `<prefix>:<name>`.'),
    totals: StateCounts,
    lastHour: object({
      minutes: list(MinuteCount, 'Minutes, oldest first, the current one last.', {
        minItems: 60,
        maxItems: 60,
      }),
      completed: count('Tasks completed within the hour.'),
      failed: count('Tasks failed within the hour.'),
    }),
    workers: list(WorkerView),
    redis: named('RedisOverview', object({ ...Info.properties, ...REDIS_STATE })),
    warnings: list(Warning),
    newestFailures: list(TaskView),
  }),
);
export type MonitorOverview = Static<typeof MonitorOverview>;
/** Current state according to Redis. */
export type MonitorNow = Omit<MonitorOverview, 'lastHour' | 'newestFailures'>;

const RecorderStatus = named(
  'RecorderStatus',
  object({
    state: oneOf(
      ['recording', 'catching-up', 'elsewhere', 'starting', 'away', 'stopped'],
      '`elsewhere`: another process records into this file; `away`: Redis does not answer; `stopped`: nothing is recorded, see `error`.',
    ),
    holder: optional(
      object({
        host: text('Host of the recorder.'),
        pid: count('Process id of the recorder.'),
        since: time('When it started recording.'),
      }),
    ),
    at: time('Time of the status.'),
    checkedAt: optional(
      time('When this web app last read from Redis which process records; absent before the first time.'),
    ),
    lagMs: countOrNull(
      'Age of the oldest event not recorded; 0 where there is none, null while it is not known.',
    ),
    perSecond: number({ minimum: 0, description: 'Tasks recorded per second, over 10 s.' }),
    error: optional(text('Current error of the recorder.')),
    queues: list(
      object({
        name: text("Name of the queue; with its prefix for another program's queue.", {
          examples: ['default', 'bull:mail'],
        }),
        ours: flag('Whether the queue belongs to this Roost.'),
        place: text('Last recorded entry of its event stream.'),
        lagMs: countOrNull('As above.'),
      }),
    ),
    gaps: list(
      object({
        queue: text('Name of the queue.'),
        from: time('Last event recorded before the gap.'),
        to: time('First event after the gap.'),
        noticedAt: time('When the gap was detected.'),
        reconciledAt: optional(time('When the remaining data in Redis had been read; absent before.')),
        found: count('Tasks recovered from Redis.'),
        vanished: count('Known tasks that Redis no longer has; their outcome is not known.'),
        sample: list(text('Id of a vanished task.')),
        detail: text('Cause of the gap.'),
      }),
      'Gaps of events that were not recorded, the newest first.',
    ),
  }),
);

const HistoryReport = named(
  'HistoryReport',
  object({
    recorder: RecorderStatus,
    store: object({
      file: text('Path as opened by this web app.'),
      bytes: count('Size on disk, including the write-ahead log.'),
      tasks: count('Number of tasks.'),
      oldestAt: orNull(time('When the oldest task was created.')),
    }),
    retention: object({
      completedDays: count('Retention of completed tasks, days.'),
      failedDays: count('Retention of failed, cancelled and expired tasks, days.'),
      perState: count('Maximum number of tasks per state.'),
    }),
  }),
);
export type HistoryReport = Static<typeof HistoryReport>;

export const MONITORING_API = operations('Monitoring', {
  'GET /api/v1/monitor': {
    id: 'getOverview',
    summary: 'Get the data of the dashboard',
    answers: { 200: ['Queues, the last hour, workers, Redis, warnings.', MonitorOverview] },
    errors: ['REDIS_UNAVAILABLE'],
  },
  'GET /api/v1/history': {
    id: 'getHistory',
    summary: 'Get the state of the history',
    description:
      'Contains the recorder, its delay, its queues and missed events; size and retention of the store.',
    answers: { 200: ['The state of the history.', HistoryReport] },
    errors: ['HISTORY_UNAVAILABLE'],
  },
});
