import * as s from '../model/schema.js';
import { StateCounts, TaskView } from '../model/task-view.js';
import { operations } from '../openapi/operation.js';
import { WorkerView } from '../workers/workers.openapi.js';
import { REDIS_STATE } from './health.openapi.js';

/** Members that every view of a queue has. */
export const QUEUE = {
  name: s.text('Name of the queue.', { examples: ['default'] }),
  counts: StateCounts,
  oldestWaitingMs: s.countOrNull('How long the next task has been ready to run, ms; null while none waits.'),
};
const WATCHED_QUEUE = {
  ...QUEUE,
  paused: s.flag('True while paused: workers start no new tasks from it.'),
};

const QueueOverview = s.named(
  'QueueOverview',
  s.object({
    ...WATCHED_QUEUE,
    workers: s.count('Workers that serve it, including those with unknown status.'),
  }),
);
export type QueueOverview = s.Static<typeof QueueOverview>;

const OtherQueue = s.named('OtherQueue', s.object(WATCHED_QUEUE));
export type OtherQueue = s.Static<typeof OtherQueue>;

const MinuteCount = s.named(
  'MinuteCount',
  s.object({
    at: s.time('Start of the minute.'),
    completed: s.count('Tasks completed in this minute.'),
    failed: s.count('Tasks failed permanently in this minute.'),
  }),
);
export type MinuteCount = s.Static<typeof MinuteCount>;

const Info = s.object({
  version: s.text(
    'Version of the server. All other fields are null or `unknown` where the Redis user may not use INFO.',
  ),
  usedMemoryBytes: s.countOrNull('In use.'),
  peakMemoryBytes: s.countOrNull('The most there was.'),
  maxMemoryBytes: s.countOrNull('Its limit; 0 for none.'),
  clients: s.countOrNull('Connections.'),
  uptimeSeconds: s.countOrNull('Since its start.'),
  opsPerSecond: s.countOrNull('Commands in the last second.'),
  aofEnabled: s.orNull(s.flag(), 'Whether the append-only file is on, so that tasks survive a crash.'),
  aofOk: s.orNull(s.flag(), 'Whether the last write of the append-only file succeeded.'),
  evictionPolicy: s.text('The maxmemory-policy. Any value except `noeviction` endangers tasks.'),
});
/** Overview of the Redis server from INFO. */
export type RedisOverview = s.Static<typeof Info>;

export const Warning = s.named(
  'Warning',
  s.object({
    code: s.text('Code for programs.', { examples: ['NO_WORKER'] }),
    message: s.text('Description of the danger.'),
    cure: s.text('What to do about it.'),
    href: s.optional(s.text('Page with details.')),
  }),
);
/** A condition that endangers tasks, with the action that fixes it. */
export type Warning = s.Static<typeof Warning>;

const MonitorOverview = s.named(
  'MonitorOverview',
  s.object({
    at: s.time('Time of the reading.'),
    queues: s.list(QueueOverview),
    otherQueues: s.list(OtherQueue, 'Queues of other programs on the same Redis, as `<prefix>:<name>`.'),
    totals: StateCounts,
    lastHour: s.object({
      minutes: s.list(MinuteCount, 'Minutes, oldest first, the current one last.', {
        minItems: 60,
        maxItems: 60,
      }),
      completed: s.count('Tasks completed within the hour.'),
      failed: s.count('Tasks failed within the hour.'),
    }),
    workers: s.list(WorkerView),
    redis: s.named('RedisOverview', s.object({ ...Info.properties, ...REDIS_STATE })),
    warnings: s.list(Warning),
    newestFailures: s.list(TaskView),
  }),
);
export type MonitorOverview = s.Static<typeof MonitorOverview>;
/** Current state according to Redis. */
export type MonitorNow = Omit<MonitorOverview, 'lastHour' | 'newestFailures'>;

const RecorderStatus = s.named(
  'RecorderStatus',
  s.object({
    state: s.oneOf(
      ['recording', 'catching-up', 'elsewhere', 'starting', 'away', 'stopped'],
      '`elsewhere`: another process records into this file; `away`: Redis does not answer; `stopped`: nothing is recorded, see `error`.',
    ),
    holder: s.optional(
      s.object({
        host: s.text('Host of the recorder.'),
        pid: s.count('Process id of the recorder.'),
        since: s.time('When it started recording.'),
      }),
    ),
    at: s.time('Time of the status.'),
    checkedAt: s.optional(
      s.time('When this web app last read from Redis which process records; absent before the first time.'),
    ),
    lagMs: s.countOrNull(
      'Age of the oldest event not recorded; 0 where there is none, null while it is not known.',
    ),
    yielding: s.optional(
      s.flag('Present while the recorder pauses between batches, because workers need the processor cores.'),
    ),
    perSecond: s.number({ minimum: 0, description: 'Tasks recorded per second, over 10 s.' }),
    error: s.optional(s.text('Current error of the recorder.')),
    queues: s.list(
      s.object({
        name: s.text("Name of the queue; with its prefix for another program's queue.", {
          examples: ['default', 'bull:mail'],
        }),
        ours: s.flag('Whether the queue belongs to this Roost.'),
        place: s.text('Last recorded entry of its event stream.'),
        lagMs: s.countOrNull('As above.'),
      }),
    ),
    gaps: s.list(
      s.object({
        queue: s.text('Name of the queue.'),
        from: s.time('Last event recorded before the gap.'),
        to: s.time('First event after the gap.'),
        noticedAt: s.time('When the gap was detected.'),
        reconciledAt: s.optional(s.time('When the remaining data in Redis had been read; absent before.')),
        found: s.count('Tasks recovered from Redis.'),
        vanished: s.count('Known tasks that Redis no longer has; their outcome is not known.'),
        sample: s.list(s.text('Id of a vanished task.')),
        detail: s.text('Cause of the gap.'),
      }),
      'Gaps of events that were not recorded, the newest first.',
    ),
  }),
);

const HistoryReport = s.named(
  'HistoryReport',
  s.object({
    recorder: RecorderStatus,
    store: s.object({
      file: s.text('Path as opened by this web app.'),
      bytes: s.count('Size on disk, including the write-ahead log.'),
      tasks: s.count('Number of tasks.'),
      oldestAt: s.orNull(s.time('When the oldest task was created.')),
    }),
    retention: s.object({
      completedDays: s.count('Retention of completed tasks, days.'),
      failedDays: s.count('Retention of failed, cancelled and expired tasks, days.'),
      perState: s.count('Maximum number of tasks per state.'),
    }),
  }),
);
export type HistoryReport = s.Static<typeof HistoryReport>;

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
