import { isRecordingHere, type RecorderStatus } from '../../history/history-status.js';
import type { HistoryReport } from '../../monitoring/monitoring.openapi.js';
import { formatBytes, formatDuration, formatNumber, plural } from '../kit/format.js';

interface BigNumber {
  id: string;
  label: string;
  value: string;
  unit?: string;
  note: string;
  href: string;
  tone?: 'warning';
}

interface Fact {
  name: string;
  value: string;
  at?: string;
  warn?: boolean;
}

export interface HistoryPage {
  numbers: BigNumber[];
  /** Problem of the history and its consequence. */
  trouble?: { title: string; text: string };
  allWell?: string;
  recorder: Fact[];
  retention: Fact[];
  queues: {
    elementId: string;
    name: string;
    href: string;
    whose: string;
    lag: string;
    behind: boolean;
    at?: string;
  }[];
  gaps: {
    elementId: string;
    queue: string;
    from: string;
    to: string;
    length: string;
    isOpen: boolean;
    found: string;
    vanished: string;
    sample: string;
    detail: string;
    noticedAt: string;
  }[];
}

const STATES: Record<RecorderStatus['state'], { value: string; note: string; tone?: 'warning' }> = {
  recording: { value: 'Recording', note: 'up to date' },
  'catching-up': { value: 'Catching up', note: 'events wait to be recorded', tone: 'warning' },
  elsewhere: { value: 'Elsewhere', note: 'another process records into this file' },
  starting: { value: 'Starting', note: 'looks where it was' },
  away: { value: 'Waiting', note: 'Redis does not answer', tone: 'warning' },
  stopped: { value: 'Stopped', note: 'nothing is recorded', tone: 'warning' },
};

/** Lag below which the history counts as up to date, ms. */
const MIN_LAG_MS = 1000;

export function toHistoryPage({ recorder, store, retention }: HistoryReport): HistoryPage {
  const [bytes, unit] = formatBytes(store.bytes).split(' ') as [string, string];
  const { lagMs } = recorder;
  const isBehind = lagMs !== null && lagMs > MIN_LAG_MS;
  const trouble = toTrouble(recorder);
  return {
    numbers: [
      {
        ...{ id: 'number-state', label: 'Recorder', ...STATES[recorder.state], href: '#recorder' },
        ...(recorder.yielding ? { note: 'leaves the cores to the workers' } : {}),
      },
      {
        id: 'number-lag',
        label: 'Lag',
        ...(lagMs === null
          ? { value: '–', note: 'not known just now' }
          : isBehind
            ? { value: formatDuration(lagMs), note: 'age of the oldest event not recorded' }
            : { value: 'none', note: 'all events are recorded' }),
        href: '#queues',
        ...(isBehind ? { tone: 'warning' as const } : {}),
      },
      {
        id: 'number-rate',
        label: 'Recorded',
        value: formatNumber(Math.round(recorder.perSecond)),
        unit: 'a second',
        note: 'tasks, over the last 10 s',
        href: '#queues',
      },
      {
        id: 'number-tasks',
        label: 'Tasks stored',
        value: formatNumber(store.tasks),
        note: store.oldestAt ? `back to ${store.oldestAt.slice(0, 10)}` : 'none yet',
        href: '/tasks',
      },
      {
        id: 'number-size',
        label: 'On disk',
        value: bytes,
        unit,
        note: 'file and its log',
        href: '#retention',
      },
    ],
    ...(trouble ? { trouble } : {}),
    ...(trouble || lagMs === null
      ? {}
      : {
          allWell: recorder.yielding
            ? 'The recorder pauses between batches while no processor core is idle. Every event is recorded later, at full speed from a lag of 5 s on.'
            : 'Every event from Redis is recorded, or about to be.',
        }),
    recorder: toRecorder(recorder, store.file),
    retention: [
      { name: 'Completed', value: plural(retention.completedDays, 'day') },
      { name: 'Failed, cancelled, expired', value: plural(retention.failedDays, 'day') },
      { name: 'Of each state', value: `the newest ${formatNumber(retention.perState)}` },
      {
        name: 'Oldest task',
        value: store.oldestAt ? '' : 'none',
        ...(store.oldestAt ? { at: store.oldestAt } : {}),
      },
    ],
    queues: recorder.queues.map(({ name, ours, place, lagMs }) => {
      const at = Number.parseInt(place, 10);
      return {
        elementId: `queue-${name}`,
        name,
        href: `/tasks?queue=${encodeURIComponent(name)}`,
        whose: ours ? 'ours' : "another program's",
        lag:
          lagMs === null
            ? 'not known'
            : lagMs > MIN_LAG_MS
              ? `${formatDuration(lagMs)} behind`
              : 'up to date',
        behind: lagMs !== null && lagMs > MIN_LAG_MS,
        ...(at > 0 ? { at: new Date(at).toISOString() } : {}),
      };
    }),
    gaps: recorder.gaps.map((gap) => ({
      elementId: `gap-${gap.queue}-${Date.parse(gap.noticedAt)}`,
      queue: gap.queue,
      from: gap.from,
      to: gap.to,
      length: formatDuration(Math.max(0, Date.parse(gap.to) - Date.parse(gap.from))),
      isOpen: gap.reconciledAt === undefined,
      found: `${plural(gap.found, 'task')} read from what Redis still has`,
      vanished:
        gap.vanished === 0
          ? 'no known task was lost'
          : `${plural(gap.vanished, 'known task')} gone from Redis: how they ended is not known`,
      sample: gap.sample.join(', '),
      detail: gap.detail,
      noticedAt: gap.noticedAt,
    })),
  };
}

function toRecorder({ state, holder, at, checkedAt, error, yielding }: RecorderStatus, file: string): Fact[] {
  const whose = isRecordingHere(state) ? 'this web app, ' : '';
  return [
    {
      name: 'State',
      value: yielding ? `${state}, pauses while the workers need the cores` : state,
      warn: STATES[state].tone === 'warning',
    },
    { name: 'File', value: file },
    holder
      ? { name: 'Recorded by', value: `${whose}process ${holder.pid} on ${holder.host}` }
      : { name: 'Recorded by', value: 'not known', warn: true },
    ...(holder ? [{ name: 'Since', value: '', at: holder.since }] : []),
    {
      name: 'Asked Redis',
      value: checkedAt ? '' : 'not yet',
      ...(checkedAt ? { at: checkedAt } : {}),
    },
    { name: 'Last heartbeat', value: '', at },
    ...(error ? [{ name: 'Trouble', value: error, warn: true }] : []),
  ];
}

function toTrouble({ state, error, gaps }: RecorderStatus): HistoryPage['trouble'] {
  if (error) {
    return {
      title: 'The recorder cannot go on just now.',
      text: `${error} It tries again by itself. Tasks are not touched by this, and what happens meanwhile is recorded later, as far back as Redis keeps its events.`,
    };
  }
  if (state === 'stopped')
    return {
      title: 'The recorder does not run.',
      text: 'It restarts automatically. The log shows why it ended.',
    };
  const open = gaps.find(({ reconciledAt }) => reconciledAt === undefined);
  if (open)
    return {
      title: `Events of ${open.queue} were lost.`,
      text: 'What Redis still has of that time is being read; see the gaps below.',
    };
  return undefined;
}
