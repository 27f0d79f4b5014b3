/**
 * Commands to a worker, and what each takes. An answer is always the worker's own: done with what it did, or refused with why.
 *
 * How one gets there: the sender keeps the command under a key of its own that lives as long as it waits, then names that
 * key on the worker's channel. Whoever takes the key carries it out; a worker that was frozen or cut off finds
 * the key gone and does nothing. The sender that gives up removes the key, and so knows whether it was ever taken.
 */
export interface Commands {
  ping: Record<string, never>;
  concurrency: { queue: string; concurrency: number };
  autoscale: { queue: string; min: number; max: number } | { queue: string; off: true };
  pause: { reason?: string };
  resume: Record<string, never>;
  'add-consumer': { queue: string; concurrency?: number };
  'cancel-consumer': { queue: string };
  /** Takes nothing new, ends when what runs is done, however long that takes. */
  drain: { reason?: string };
  /** Ends as by SIGTERM; with `now` without waiting: what runs is run again elsewhere. */
  stop: { now?: boolean; reason?: string };
  'restart-children': Record<string, never>;
  'cancel-task': { taskId: string; force: boolean };
}

export type CommandName = keyof Commands;

/** A command under way. */
export type Command = {
  [N in CommandName]: { id: string; name: N; args: Commands[N]; by: string };
}[CommandName];

export type CommandReply = { ok: true; result: Record<string, unknown> } | { ok: false; why: string };

/** On the channel of replies. */
export interface ReplyMessage {
  id: string;
  workerId: string;
  reply: CommandReply;
}

/** A worker says so where it cannot do what it was asked. */
export class CommandRefused extends Error {
  override name = 'CommandRefused';
}

/** Where `to` is a worker's id, or `all` for whoever it concerns. */
export function commandChannel(prefix: string, to: string): string {
  return `${prefix}:fleet:to:${to}`;
}

export function commandKey(prefix: string, id: string): string {
  return `${prefix}:fleet:command:${id}`;
}

export function replyChannel(prefix: string): string {
  return `${prefix}:fleet:replies`;
}
