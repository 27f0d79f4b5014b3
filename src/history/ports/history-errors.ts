/** Rejects calls because the store is closed or its thread has died. */
export class HistoryClosedError extends Error {
  override name = 'HistoryClosedError';
}

/** Rejects a write whose cursors are stale because another process has recorded since. Nothing was written. */
export class HistoryFencedError extends Error {
  override name = 'HistoryFencedError';
}
