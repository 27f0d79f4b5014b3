/** The file cannot be used as it is; the message says what to do. Apart, because the worker app knows it too. */
export class HistoryFileError extends Error {
  override name = 'HistoryFileError';
}
