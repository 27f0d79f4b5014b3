import type { HistoryStore } from '../history/ports/history-store.js';

/** Deletes tasks that Redis does not have from the history. */
export async function removeFromHistory(
  history: Pick<HistoryStore, 'record'>,
  refs: readonly { queue: string; id: string }[],
): Promise<void> {
  await history.record({
    cursors: {},
    tasks: [],
    attempts: [],
    transitions: [],
    logs: [],
    progress: [],
    removed: refs.map(({ queue, id }) => ({ queue, id })),
  });
}
