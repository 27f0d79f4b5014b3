import { StartupError } from '../../platform/startup-error.js';

/**
 * Rejects a history file that cannot be used as it is; the message names the remedy. In a file of its own because the
 * worker app imports it too.
 */
export class HistoryFileError extends StartupError {
  override name = 'HistoryFileError';
}

/** The path of the history leads to another file than the open one, or to no file. */
export class HistoryMovedError extends HistoryFileError {
  override name = 'HistoryMovedError';
}
