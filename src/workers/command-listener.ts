import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { CommandRefusedError, type Command, type CommandReply, type ReplyMessage } from './command.js';
import { commandChannel, commandKey, replyChannel } from '../bullmq/keys.js';

/** Decides which commands concern this worker, and executes them. */
export interface CommandHandler {
  /** True if this worker may claim the command; for commands addressed to all workers. */
  concerns(message: Announcement): boolean;
  handle(command: Command): Promise<Record<string, unknown>>;
}

/** Message on a channel: the id of a command, and for commands to all workers the task that they concern. */
export interface Announcement {
  id: string;
  taskId?: string;
}

/** Worker's side of the control bus: claims announced commands that have not been withdrawn, and replies to each. */
export class CommandListener {
  private readonly inFlight = new Set<Promise<void>>();

  constructor(
    private readonly subscriber: Redis,
    private readonly redis: Redis,
    private readonly prefix: string,
    private readonly workerId: string,
    private readonly handler: CommandHandler,
    private readonly log: Logger,
  ) {}

  async start(): Promise<void> {
    this.subscriber.on('message', (_channel, text) => {
      const task = this.receive(text).catch((error: unknown) =>
        this.log.warn({ err: error }, 'a command could not be processed'),
      );
      this.inFlight.add(task);
      void task.finally(() => this.inFlight.delete(task));
    });
    // ioredis subscribes again after an outage.
    await this.subscriber.subscribe(
      commandChannel(this.prefix, this.workerId),
      commandChannel(this.prefix, 'all'),
    );
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.inFlight);
    this.subscriber.disconnect();
  }

  private async receive(text: string): Promise<void> {
    const message = JSON.parse(text) as Announcement;
    if (!(await this.waitUntilConcerned(message))) return;
    const json = await this.claim(commandKey(this.prefix, message.id));
    // Another worker claimed the command, or its sender withdrew it after a timeout.
    if (json === null) return;
    const command = JSON.parse(json) as Command;
    const { name, by, args } = command;
    const why = 'reason' in args && args.reason ? { reason: args.reason } : {};
    this.log.info({ command: name, by, ...why }, `command ${name}`);
    const reply = await this.execute(command);
    if (!reply.ok) this.log.warn({ command: name, why: reply.why }, `command ${name} refused`);
    const answer: ReplyMessage = { id: command.id, workerId: this.workerId, reply };
    await this.redis.publish(replyChannel(this.prefix), JSON.stringify(answer));
  }

  /** Equivalent of GETDEL, which Redis before 6.2 (as in Ubuntu 22.04) does not have. */
  private async claim(key: string): Promise<string | null> {
    const [[, json]] = (await this.redis.multi().get(key).del(key).exec()) as [
      [null, string | null],
      unknown,
    ];
    return json;
  }

  /** Repeats the check a few times, because a task may be on its way from Redis to the runner. */
  private async waitUntilConcerned(message: Announcement): Promise<boolean> {
    for (const wait of [0, 50, 200, 500]) {
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      if (this.handler.concerns(message)) return true;
    }
    return false;
  }

  private async execute(command: Command): Promise<CommandReply> {
    try {
      return { ok: true, result: await this.handler.handle(command) };
    } catch (error) {
      if (!(error instanceof CommandRefusedError))
        this.log.error({ err: error, command: command.name }, 'command failed');
      return { ok: false, why: (error as Error).message };
    }
  }
}
