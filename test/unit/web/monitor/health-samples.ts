import type { StateCounts } from '../../../../src/model/states.js';
import type { QueueOutlook } from '../../../../src/tasks/queue-outlooks.js';
import type { HealthFacts } from '../../../../src/web/monitor/findings.js';
import type { ShownNow, ShownWorker } from '../../../../src/web/monitor/monitor-page.js';
import { toNumbers } from '../../../../src/monitoring/stats/stats-view.js';
import { sampleRange, sampleSpan } from '../fake-numbers.js';
import { overviewOf } from '../fake-services.js';
import { NOW } from '../page-models/samples.js';

const NONE: StateCounts = {
  ...{ waiting: 0, delayed: 0, 'waiting-children': 0, active: 0 },
  ...{ completed: 0, failed: 0, cancelled: 0, expired: 0 },
};

export function sampleOutlook(parts: Partial<QueueOutlook> = {}): QueueOutlook {
  return {
    queue: 'cpu',
    blockers: [],
    clears: { startInMs: 76_000, startAt: new Date(NOW + 76_000).toISOString(), basis: 'pace' },
    slots: { used: 0, total: 20 },
    pauses: [],
    ...parts,
  };
}

export function worker(name: string, parts: Partial<ShownWorker> = {}): ShownWorker {
  return {
    ...{ id: `id-${name}`, name, status: 'online', active: 0, consumers: [{ concurrency: 10 }] },
    lastSeenAt: new Date(NOW - 500).toISOString(),
    ...parts,
  };
}

/** A present with one queue, `cpu`. */
export function present(
  counts: Partial<StateCounts> = {},
  { oldestWaitingMs = null, ...parts }: Partial<ShownNow> & { oldestWaitingMs?: number | null } = {},
): ShownNow {
  const all = { ...NONE, completed: 900, ...counts };
  return {
    ...overviewOf('cpu'),
    queues: [{ name: 'cpu', counts: all, oldestWaitingMs, paused: false, workers: 2 }],
    totals: all,
    otherQueues: [],
    workers: [worker('a'), worker('b')],
    warnings: [],
    ...parts,
  };
}

/** Everything in order: 152 tasks a minute, two workers. */
export function sampleFacts(parts: Partial<HealthFacts> = {}): HealthFacts {
  return {
    now: NOW,
    present: present(),
    outlooks: [sampleOutlook()],
    held: [],
    workersUnknown: false,
    numbers: {
      ...sampleRange('1h', 'divide', NOW),
      ...{ versions: [], failing: [] },
      bars: minutes(60, () => [150, 2]),
      lastMinute: { at: NOW - 90_000, numbers: toNumbers(sampleSpan({ completed: 152, failed: 0 })) },
    },
    ...parts,
  };
}

/** Bars of minutes that end now, each with completed and failed tasks. */
export function minutes(
  count: number,
  of: (minute: number) => [number, number],
): HealthFacts['numbers']['bars'] {
  return Array.from({ length: count }, (_, i) => {
    const [completed, failed] = of(i);
    return { at: NOW - (count - i) * 60_000, ...toNumbers(sampleSpan({ completed, failed })) };
  });
}
