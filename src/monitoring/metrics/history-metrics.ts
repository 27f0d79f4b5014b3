import { Histogram } from '../../history/histogram.js';
import type { TotalRow } from '../../history/ports/stats-store.js';
import { histogramSamples, one, type Metric, type Sample } from './metric.js';
import type { MetricsSnapshot } from './metrics-snapshot.js';
import { isBeingRecorded, isRecordingHere } from '../../history/history-status.js';

const EVENTS = ['added', 'completed', 'failed', 'cancelled', 'expired', 'retried'] as const;
/** Label of all names beyond the limit. */
const OTHER = '(other)';

/** Metrics from the history, whose counters continue after a restart. */
export const HISTORY_METRICS: readonly Metric<MetricsSnapshot>[] = [
  {
    name: 'roost_task_events_total',
    type: 'counter',
    help: 'Task events: added, completed, failed for good, cancelled, expired, or retried (an attempt after the first).',
    labels: ['queue', 'type', 'event'],
    read: ({ known }) =>
      (known?.totals ?? []).flatMap((row) =>
        EVENTS.map((event) => ({
          value: row[event],
          labels: { queue: row.queue ?? OTHER, type: row.type ?? OTHER, event },
        })),
      ),
  },
  {
    name: 'roost_task_wait_seconds',
    type: 'histogram',
    help: 'How long completed and failed tasks waited, from ready to run until their last start.',
    labels: ['type', 'le'],
    read: (snapshot) => byType('roost_task_wait_seconds', snapshot, 'wait', 'waitMs'),
  },
  {
    name: 'roost_task_run_seconds',
    type: 'histogram',
    help: 'How long the last attempt of completed and failed tasks ran.',
    labels: ['type', 'le'],
    read: (snapshot) => byType('roost_task_run_seconds', snapshot, 'run', 'runMs'),
  },
  {
    name: 'roost_error_groups',
    type: 'gauge',
    help: 'Error groups by state.',
    labels: ['state'],
    read: ({ known }) =>
      Object.entries(known?.errorGroups ?? {}).map(([state, value]) => ({ value, labels: { state } })),
  },
  {
    name: 'roost_history_up',
    type: 'gauge',
    help: '1 while the history answers; while it is 0, its counters do not change.',
    labels: [],
    read: ({ historyUp }) => one(historyUp ? 1 : 0),
  },
  {
    name: 'roost_history_tasks',
    type: 'gauge',
    help: 'Tasks in the history.',
    labels: [],
    read: ({ known }) => (known ? one(known.size.tasks) : []),
  },
  {
    name: 'roost_history_size_bytes',
    type: 'gauge',
    help: 'Size of the history on disk, its log included.',
    labels: [],
    read: ({ known }) => (known ? one(known.size.bytes) : []),
  },
  {
    name: 'roost_history_oldest_task_timestamp_seconds',
    type: 'gauge',
    help: 'When the oldest task in the history was created, in seconds since 1970.',
    labels: [],
    read: ({ known }) => (known?.size.oldestAt == null ? [] : one(known.size.oldestAt / 1000)),
  },
  {
    name: 'roost_recorder_up',
    type: 'gauge',
    help: '1 while this or another process records task events into the history of this one.',
    labels: [],
    read: ({ recorder }) => one(isBeingRecorded(recorder) ? 1 : 0),
  },
  {
    name: 'roost_recorder_here',
    type: 'gauge',
    help: '1 while this process is the recorder.',
    labels: [],
    read: ({ recorder }) => one(isRecordingHere(recorder.state) ? 1 : 0),
  },
  {
    name: 'roost_recorder_checked_timestamp_seconds',
    type: 'gauge',
    help: 'When this process last read from Redis which process records, in seconds since 1970.',
    labels: [],
    read: ({ recorder }) => (recorder.checkedAt ? one(Date.parse(recorder.checkedAt) / 1000) : []),
  },
  {
    name: 'roost_recorder_lag_seconds',
    type: 'gauge',
    help: 'Age of the oldest event that is not recorded yet; absent while it is not known.',
    labels: [],
    read: ({ recorder }) => (recorder.lagMs === null ? [] : one(recorder.lagMs / 1000)),
  },
  {
    name: 'roost_recorder_gaps',
    type: 'gauge',
    help: 'Gaps: events that were gone before they could be recorded; within the retention of the report.',
    labels: [],
    read: ({ recorder }) => one(recorder.gaps.length),
  },
];

function byType(
  name: string,
  { known }: MetricsSnapshot,
  which: 'wait' | 'run',
  sum: 'waitMs' | 'runMs',
): Sample[] {
  const types = new Map<string, { durations: Histogram; sumMs: number }>();
  for (const row of known?.totals ?? ([] as TotalRow[])) {
    const type = row.type ?? OTHER;
    const found = types.get(type) ?? { durations: new Histogram(), sumMs: 0 };
    found.durations.mergeEncoded(row[which]);
    found.sumMs += row[sum];
    types.set(type, found);
  }
  return [...types].flatMap(([type, { durations, sumMs }]) =>
    histogramSamples(name, { type }, durations, sumMs),
  );
}
