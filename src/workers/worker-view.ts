import { LEASE_MS, type KnownWorker } from './presence.js';
import type { WorkerDetail, WorkerView } from './workers.openapi.js';

/** True for a worker that is online or whose status is unknown. */
export function isMaybeOnline({ status }: WorkerView): boolean {
  return status !== 'offline';
}

/** @param hiddenSince time (ms) since which heartbeats may be missing; see RedisHealth.workersHiddenSince */
export function toWorkerView(worker: KnownWorker, hiddenSince?: number): WorkerView {
  const { id, name, host, pid, consumers, totals, load, versions, paused, left } = worker;
  const isUnknown =
    !worker.online &&
    left === undefined &&
    hiddenSince !== undefined &&
    worker.lastSeenAt >= hiddenSince - LEASE_MS;
  const online = worker.online || isUnknown;
  return {
    id,
    name,
    host,
    pid,
    status: isUnknown ? 'unknown' : toStatus(worker),
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
    ...(online ? {} : { left: left ?? 'lost: it stopped without a report' }),
  };
}

function toStatus({ online, draining, paused }: KnownWorker): WorkerView['status'] {
  if (!online) return 'offline';
  if (draining) return 'draining';
  return paused ? 'paused' : 'online';
}

export function toWorkerDetail(
  worker: KnownWorker,
  hiddenSince: number | undefined,
  now: number,
): WorkerDetail {
  const { args, settings, taskTypes, byType, children, running } = worker;
  const view = toWorkerView(worker, hiddenSince);
  const online = isMaybeOnline(view);
  return {
    ...view,
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
