import type { TaskRef } from '../../ports/rows.js';

/** Key of a task within a batch. */
export function refKey({ queue, id }: TaskRef): string {
  return `${queue}\n${id}`;
}
