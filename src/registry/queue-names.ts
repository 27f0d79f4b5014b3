import { DEFAULT_QUEUE } from '../model/queue-name.js';
import type { TaskType } from './task-type.js';

/**
 * The queues there are: those that task types name and those of `more`. The default queue comes first where it is one of
 * them, the others follow by name.
 */
export function queueNames(types: Iterable<Pick<TaskType, 'queue'>>, more: readonly string[] = []): string[] {
  const names = new Set([...types].map(({ queue }) => queue));
  for (const name of more) names.add(name);
  if (names.size === 0) names.add(DEFAULT_QUEUE);
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function rank(name: string): number {
  return name === DEFAULT_QUEUE ? 0 : 1;
}

/** Returns the queues of the setting `QUEUES` (`named`) that no task type names: tasks get there only by being moved. */
export function unusedQueues(types: Iterable<Pick<TaskType, 'queue'>>, named: readonly string[]): string[] {
  const used = new Set([...types].map(({ queue }) => queue));
  return named.filter((name) => !used.has(name));
}
