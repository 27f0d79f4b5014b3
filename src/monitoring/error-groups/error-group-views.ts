import type { TaskView } from '../../model/task-view.js';
import type { ErrorGroup, ErrorGroupDetail } from '../../history/ports/error-group-store.js';
import { formatIso } from '../../bullmq/codec/to-task-view.js';
import type { ErrorGroupDetailView, ErrorGroupView } from './error-groups.openapi.js';

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
