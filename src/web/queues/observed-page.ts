import { TASK_STATES, type TaskState } from '../../model/states.js';
import type { ObservedQueue } from '../../queues/queues.service.js';
import { formatDuration } from '../kit/format.js';
import { barWidth } from './queue-page.js';
import { STATE_ICONS } from '../kit/states.js';

/** Queue of another program: its content, and the links to its tasks. */
export interface ObservedPage {
  name: string;
  queue: string;
  prefix: string;
  paused: boolean;
  oldest?: string;
  tasksHref: string;
  states: { elementId: string; state: TaskState; icon: string; count: number; width: string; href: string }[];
}

export function toObservedPage(observed: ObservedQueue): ObservedPage {
  const { name, queue, prefix, counts, paused, oldestWaitingMs } = observed;
  const most = Math.max(1, ...Object.values(counts));
  const tasks = (more = {}) => `/tasks?${new URLSearchParams({ queue: name, ...more })}`;
  return {
    ...{ name, queue, prefix, paused },
    oldest: oldestWaitingMs === null ? undefined : formatDuration(oldestWaitingMs),
    tasksHref: tasks(),
    states: TASK_STATES.map((state) => ({
      elementId: `state-${state}`,
      state,
      icon: STATE_ICONS[state],
      count: counts[state],
      width: barWidth(counts[state], most),
      href: tasks({ state }),
    })),
  };
}
