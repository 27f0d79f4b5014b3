import type { TaskView } from '../../model/task-view.js';
import type { RetentionTimes } from '../../tasks/retention-times.js';
import { plural } from '../kit/format.js';

/** Place where the task is stored, and how long it stays there. */
export interface RetentionNote {
  rows: { where: string; until?: string; note: string }[];
  /** Source of the page's data, if it is not Redis. */
  source?: { title: string; text: string };
}

export function toRetentionNote(task: TaskView, stored: RetentionTimes): RetentionNote | undefined {
  const rows: RetentionNote['rows'] = [];
  if (task.source)
    rows.push({
      where: 'Redis',
      note: task.links.page.includes('?') ? 'stores it as its program decides' : 'has dropped it',
    });
  else if (stored.redis)
    rows.push({ where: 'Redis forgets', until: stored.redis, note: newer(stored.redisCount) });
  if (stored.history)
    rows.push({ where: 'History forgets', until: stored.history, note: newer(stored.historyCount) });
  const source = toSource(task);
  return rows.length === 0 && !source ? undefined : { rows, source };
}

function newer(count: number | undefined): string {
  return count === undefined ? '' : `, or ${plural(count, 'newer one')} later`;
}

function toSource({ source, links, queue }: TaskView): RetentionNote['source'] {
  if (!source) return undefined;
  return links.page.includes('?')
    ? {
        title: 'Of another program',
        text: `It is in the queue ${queue}, which another program of this Redis fills and works on. Roost records it. A failed one can be retried here, a delayed one run now, and one that does not run deleted, unless a flow or a schedule of its program needs it; all else, cancelling too, is done there.`,
      }
    : {
        title: 'From the history',
        text: 'Redis has dropped this task by its retention, so it cannot be retried as it is. Everything that was recorded of it is here, and it can be submitted again.',
      };
}
