/** Shared connection for commands with a waiting caller. It fails fast and has Roost's scripts. */
export const COMMAND_CLIENT = Symbol('roost:commands');

/** Shared connection for blocking reads of the event streams. */
export const EVENT_TAIL = Symbol('roost:event-tail');

/** BullMQ queue objects of all managed queues, the default queue first. */
export const SHARED_QUEUES = Symbol('roost:shared-queues');
