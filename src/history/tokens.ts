/** The process's `HistoryStore`. */
export const HISTORY = Symbol('roost:history');
