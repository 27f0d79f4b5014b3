import type { TaskView } from '../../contract/task-view.js';
import type { KeptUntil } from '../../tasks/known-task.js';
import { plural } from './format.js';

/** Where the task is kept, and how long still. */
export interface Keeping {
  rows: { where: string; until?: string; note: string }[];
  /** Where this page has it from, when that is not Redis. */
  source?: { title: string; text: string };
}

export function toKeeping(task: TaskView, kept: KeptUntil): Keeping | undefined {
  const rows: Keeping['rows'] = [];
  if (task.kept)
    rows.push({
      where: 'Redis',
      note: task.links.page.includes('?') ? 'keeps it as its program says' : 'has dropped it',
    });
  else if (kept.redis) rows.push({ where: 'Redis forgets', until: kept.redis, note: newer(kept.redisCount) });
  if (kept.history)
    rows.push({ where: 'History forgets', until: kept.history, note: newer(kept.historyCount) });
  const source = toSource(task);
  return rows.length === 0 && !source ? undefined : { rows, source };
}

function newer(count: number | undefined): string {
  return count === undefined ? '' : `, or ${plural(count, 'newer one')} later`;
}

function toSource({ kept, links, queue }: TaskView): Keeping['source'] {
  if (!kept) return undefined;
  return links.page.includes('?')
    ? {
        title: 'Of another program',
        text: `It is in the queue ${queue}, which another program of this Redis fills and works on. Roost records it. A failed one can be retried here, a delayed one run now, and one that does not run deleted; all else, cancelling too, is done there.`,
      }
    : {
        title: 'From the history',
        text: 'Redis has dropped this task by its retention, so it cannot be retried as it is. Everything that was recorded of it is here, and it can be submitted again.',
      };
}
