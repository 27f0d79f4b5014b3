import type { TaskView } from '../../model/task-view.js';
import type { ErrorGroup, ErrorGroupDetail, ErrorState } from '../../history/ports/error-group-store.js';
import { formatIso } from '../../bullmq/codec/to-task-view.js';

/** A group of failures with the same cause, as shown by REST and pages. */
export interface ErrorGroupView {
  fingerprint: string;
  /** Task type. */
  type: string;
  /** Name of the error. */
  name: string;
  /** Message without numbers, ids and quoted text. */
  message: string;
  /** Message of the latest failure. */
  sample: string;
  /** Top stack frame in application code; empty without a stack. */
  frame: string;
  state: ErrorState;
  /** Failed attempts. */
  count: number;
  firstSeenAt: string;
  lastSeenAt: string;
  /** Time of the first failure after the group was resolved. */
  regressedAt?: string;
  note?: string;
  /** User who changed the state last, and the time in `changedAt`. */
  by?: string;
  changedAt?: string;
  /** Failed attempts in each of the last 24 hours, oldest first. */
  trend: number[];
  links: { self: string; page: string };
}

export interface ErrorGroupDetailView extends ErrorGroupView {
  /** Affected workers, the most affected first. */
  workers: { worker: string; count: number; lastSeenAt: string }[];
  /** APP_VERSION of the affected workers, the latest first. */
  versions: { version: string; count: number; firstSeenAt: string; lastSeenAt: string }[];
  /** Failed attempts per hour, within the retention. */
  hours: { at: string; count: number }[];
  /** Tasks currently failed with this error: the tasks that a retry of all would apply to. */
  failedTasks: { total: number; isExact: boolean };
  /** Newest tasks whose last failure belongs to this group, in any state. */
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
    firstSeenAt: formatIso(group.firstSeenAt),
    lastSeenAt: formatIso(group.lastSeenAt),
    ...(regressedAt === null ? {} : { regressedAt: formatIso(regressedAt) }),
    ...(note ? { note } : {}),
    ...(by ? { by } : {}),
    ...(changedAt === null ? {} : { changedAt: formatIso(changedAt) }),
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
    workers: group.workers.map((one) => ({ ...one, lastSeenAt: formatIso(one.lastSeenAt) })),
    versions: group.versions.map((one) => ({
      ...one,
      firstSeenAt: formatIso(one.firstSeenAt),
      lastSeenAt: formatIso(one.lastSeenAt),
    })),
    hours: group.hours.map(({ at, count }) => ({ at: formatIso(at), count })),
    failedTasks,
    tasks,
  };
}
