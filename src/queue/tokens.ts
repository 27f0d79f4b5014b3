/** The process's connection for commands that somebody waits for: fails fast, carries our scripts. */
export const COMMANDS = Symbol('roost:commands');

/** The process's connection for blocking reads of the event streams. */
export const EVENT_TAIL = Symbol('roost:event-tail');
