/** Injection token of the process's `HistoryStore`. */
export const HISTORY = Symbol('roost:history');
