import { sharedNow } from '../contract/clock.js';
import type { SeenWorker } from './presence.js';
import type { ConsumerRecord, RunningTask, Totals, WorkerLoad, WorkerRecord } from './worker-record.js';

/** One worker as REST and pages show it. Times are ISO 8601 in UTC, sizes bytes. */
export interface WorkerView {
  id: string;
  name: string;
  host: string;
  pid: number;
  /** `paused` and `draining` are online as well. */
  status: 'online' | 'paused' | 'draining' | 'offline';
  startedAt: string;
  lastSeenAt: string;
  /** How far its machine's clock is ahead of Redis's, ms; negative behind, null where it did not tell. */
  clockAheadMs: number | null;
  consumers: ConsumerRecord[];
  active: number;
  /** Tasks it could run at once, all queues together. */
  slots: number;
  totals: Totals;
  load: WorkerLoad;
  versions: WorkerRecord['versions'];
  paused: { by: string; at: string; reason?: string } | null;
  /** Why it left, where it could say so itself; `lost` where it could not. */
  left?: string;
}

/** One worker with everything it tells. */
export interface WorkerDetail extends WorkerView {
  args: string[];
  settings: Record<string, string>;
  taskTypes: WorkerRecord['taskTypes'];
  running: (Omit<RunningTask, 'startedAt'> & { startedAt: string; runMs: number })[];
  byType: Record<string, Totals>;
  children: WorkerRecord['children'];
}

export function isHere({ status }: WorkerView): boolean {
  return status !== 'offline';
}

export function toWorkerView(worker: SeenWorker): WorkerView {
  const { id, name, host, pid, online, consumers, totals, load, versions, paused, left } = worker;
  return {
    id,
    name,
    host,
    pid,
    status: !online ? 'offline' : worker.draining ? 'draining' : paused ? 'paused' : 'online',
    startedAt: iso(worker.startedAt),
    lastSeenAt: iso(worker.lastSeenAt),
    clockAheadMs: worker.clockAheadMs ?? null,
    consumers,
    active: online ? worker.active : 0,
    slots: consumers.reduce((sum, { concurrency }) => sum + concurrency, 0),
    totals,
    load,
    versions,
    paused: paused && { ...paused, at: iso(paused.at) },
    ...(online ? {} : { left: left ?? 'lost: it ended without a word' }),
  };
}

export function toWorkerDetail(worker: SeenWorker, now: number = sharedNow()): WorkerDetail {
  const { args, settings, taskTypes, byType, children, running, online } = worker;
  return {
    ...toWorkerView(worker),
    args,
    settings,
    taskTypes,
    byType,
    children: online ? children : [],
    running: online
      ? running.map((task) => ({
          ...task,
          startedAt: iso(task.startedAt),
          runMs: Math.max(0, now - task.startedAt),
        }))
      : [],
  };
}

function iso(ms: number): string {
  return new Date(Math.abs(ms) <= 8.64e15 ? ms : 0).toISOString();
}
