import type { TaskView } from '../../contract/task-view.js';
import type { ErrorGroup, ErrorGroupDetail, ErrorState } from '../../history/store/history-store.js';
import { iso } from '../../queue/to-task-view.js';

/** Failures of one kind, as REST and pages show them. */
export interface ErrorGroupView {
  fingerprint: string;
  /** Task type. */
  type: string;
  /** Of the error. */
  name: string;
  /** With numbers, ids and quoted text taken out. */
  message: string;
  /** As it was last. */
  sample: string;
  /** The top one of our own code, if there was a stack. */
  frame: string;
  state: ErrorState;
  /** Failed attempts. */
  count: number;
  firstSeenAt: string;
  lastSeenAt: string;
  /** The first failure after it was resolved. */
  regressedAt?: string;
  note?: string;
  /** Who said so, and when. */
  by?: string;
  changedAt?: string;
  /** Failed attempts in each of the last 24 hours, oldest first. */
  trend: number[];
  links: { self: string; page: string };
}

export interface ErrorGroupDetailView extends ErrorGroupView {
  /** The most hit first. */
  workers: { worker: string; count: number; lastSeenAt: string }[];
  /** APP_VERSION of those workers; the latest first. */
  versions: { version: string; count: number; firstSeenAt: string; lastSeenAt: string }[];
  /** Failed attempts by the hour, as long as they are kept. */
  hours: { at: string; count: number }[];
  /** Tasks that are failed now because of it: what a retry of all would take. */
  failedTasks: { total: number; isExact: boolean };
  /** The newest tasks whose last failure was of this kind, whatever became of them. */
  tasks: TaskView[];
}

export function toErrorGroupView(group: ErrorGroup): ErrorGroupView {
  const { fingerprint, regressedAt, note, by, changedAt } = group;
  return {
    fingerprint,
    type: group.type,
    name: group.name,
    message: group.message,
    sample: group.sample,
    frame: group.frame,
    state: group.state,
    count: group.count,
    firstSeenAt: iso(group.firstSeenAt),
    lastSeenAt: iso(group.lastSeenAt),
    ...(regressedAt === null ? {} : { regressedAt: iso(regressedAt) }),
    ...(note ? { note } : {}),
    ...(by ? { by } : {}),
    ...(changedAt === null ? {} : { changedAt: iso(changedAt) }),
    trend: group.trend,
    links: { self: `/api/v1/errors/${fingerprint}`, page: `/monitor/errors/${fingerprint}` },
  };
}

export function toErrorGroupDetailView(
  group: ErrorGroupDetail,
  failedTasks: ErrorGroupDetailView['failedTasks'],
  tasks: TaskView[],
): ErrorGroupDetailView {
  return {
    ...toErrorGroupView(group),
    workers: group.workers.map((one) => ({ ...one, lastSeenAt: iso(one.lastSeenAt) })),
    versions: group.versions.map((one) => ({
      ...one,
      firstSeenAt: iso(one.firstSeenAt),
      lastSeenAt: iso(one.lastSeenAt),
    })),
    hours: group.hours.map(({ at, count }) => ({ at: iso(at), count })),
    failedTasks,
    tasks,
  };
}
