import { StartupError } from '../../platform/startup-error.js';

/** Rejects a history file that cannot be used as it is; the message names the remedy. */
export class HistoryFileError extends StartupError {
  override name = 'HistoryFileError';
}

/** The path of the history leads to another file than the open one, or to no file. */
export class HistoryMovedError extends HistoryFileError {
  override name = 'HistoryMovedError';
}

/** Rejects calls because the store is closed. */
export class HistoryClosedError extends Error {
  override name = 'HistoryClosedError';
}

/** Rejects a write whose cursors are stale because another process has recorded since. Nothing was written. */
export class HistoryFencedError extends Error {
  override name = 'HistoryFencedError';
}
