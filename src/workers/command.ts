/**
 * Commands to a worker, with their arguments. The worker itself replies, either with a result or with a reason for refusal.
 *
 * Protocol: the sender stores the command under its own key, which lives as long as the sender waits, and announces its
 * id on the worker's channel. The worker that deletes the key executes the command. A worker that was frozen or
 * disconnected finds no key and does nothing. A sender that times out deletes the key and thereby learns whether the
 * command was claimed.
 */
export interface Commands {
  ping: Record<string, never>;
  concurrency: { queue: string; concurrency: number };
  autoscale: { queue: string; min: number; max: number } | { queue: string; off: true };
  pause: { reason?: string };
  resume: Record<string, never>;
  'add-consumer': { queue: string; concurrency?: number };
  'cancel-consumer': { queue: string };
  /** Fetches no new tasks and exits when the running ones are done, without a time limit. */
  drain: { reason?: string };
  /** Shuts down as by SIGTERM. With `now` it does not wait for running tasks, which other workers run again. */
  stop: { now?: boolean; reason?: string };
  'restart-children': Record<string, never>;
  'cancel-task': { taskId: string; force: boolean };
}

export type CommandName = keyof Commands;

/** Command as sent to a worker. */
export type Command = {
  [N in CommandName]: { id: string; name: N; args: Commands[N]; by: string };
}[CommandName];

export type CommandReply = { ok: true; result: Record<string, unknown> } | { ok: false; why: string };

/** Message on the channel of replies. */
export interface ReplyMessage {
  id: string;
  workerId: string;
  reply: CommandReply;
}

/** Error of a worker that cannot execute a command. */
export class CommandRefusedError extends Error {
  override name = 'CommandRefused';
}
