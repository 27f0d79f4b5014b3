import type { JobStanding, NamedChild } from '../bullmq/codec/job-standing.js';
import type { Blocker, BlockingTask } from './task-queries.openapi.js';

/** Maps the key of a child's job to a reference to its task. */
export type ToTask = (child: NamedChild) => BlockingTask;

/** Lists the children that a parent waits for, and reports whether they can still complete. */
export function childrenBlockers(
  { children, named, willFail }: Pick<JobStanding, 'children' | 'named' | 'willFail'>,
  toTask: ToTask,
): Blocker[] {
  const { pending, failed, gone } = children;
  const of = (...kinds: NamedChild['kind'][]) => {
    const tasks = named.filter(({ kind }) => kinds.includes(kind)).map(toTask);
    return tasks.length > 0 ? { tasks } : {};
  };
  const found: Blocker[] = [];
  if (willFail !== undefined) {
    found.push({
      code: 'CHILD_FAILED',
      message: `A child failed for good, so the task will fail as soon as a worker starts it: ${willFail}.`,
    });
  }
  if (failed > 0) {
    const reason = named.find(({ kind, reason: why }) => kind === 'failed' && why !== '')?.reason;
    found.push({
      code: 'CHILD_FAILED',
      message: `${failed === 1 ? 'One of its children' : `${failed} of its children`} failed${reason ? ` with "${firstLine(reason)}"` : ''}, and it waits until ${failed === 1 ? 'that child has' : 'they have'} completed.`,
      cure: 'Retry the failed child, or remove it in the program that created the flow.',
      ...of('failed'),
    });
  }
  if (gone > 0) {
    found.push({
      code: 'CHILD_FAILED',
      message: `${gone === 1 ? 'One of its children is' : `${gone} of its children are`} gone from Redis without having ended, so it will wait forever.`,
      cure: 'Continue or remove it in the program that created the flow.',
    });
  }
  const open = pending - failed - gone;
  if (open > 0) {
    found.push({
      code: 'CHILDREN',
      message: `It waits for ${open === 1 ? 'one child' : `${open} children`} that ${open === 1 ? 'has' : 'have'} not ended yet.`,
      ...of('pending', 'unknown'),
    });
  }
  return found;
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
