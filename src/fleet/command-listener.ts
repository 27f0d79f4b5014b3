import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import {
  commandChannel,
  commandKey,
  CommandRefused,
  replyChannel,
  type Command,
  type CommandReply,
  type ReplyMessage,
} from './command.js';

/** What a command wants to know before it takes a command for itself: does it concern this worker? */
export interface CommandHandler {
  /** For commands to all: only the one it concerns may take it. */
  concerns(message: Announcement): boolean;
  handle(command: Command): Promise<Record<string, unknown>>;
}

/** Said on a channel: the key to take, and for commands to all enough to tell whom it concerns. */
export interface Announcement {
  id: string;
  taskId?: string;
}

/** The worker's ear: hears commands, takes those that still stand, and answers each. */
export class CommandListener {
  private readonly underWay = new Set<Promise<void>>();

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
      const task = this.hear(text).catch((error: unknown) =>
        this.log.warn({ err: error }, 'a command was not understood'),
      );
      this.underWay.add(task);
      void task.finally(() => this.underWay.delete(task));
    });
    // Subscribed again by itself after an outage.
    await this.subscriber.subscribe(
      commandChannel(this.prefix, this.workerId),
      commandChannel(this.prefix, 'all'),
    );
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.underWay);
    this.subscriber.disconnect();
  }

  private async hear(text: string): Promise<void> {
    const message = JSON.parse(text) as Announcement;
    if (!(await this.concerned(message))) return;
    const json = await this.take(commandKey(this.prefix, message.id));
    // Taken by somebody else, or too old: whoever asked has given up and been told so.
    if (json === null) return;
    const command = JSON.parse(json) as Command;
    const { name, by, args } = command;
    const why = 'reason' in args && args.reason ? { reason: args.reason } : {};
    this.log.info({ command: name, by, ...why }, `command ${name}`);
    const reply = await this.carryOut(command);
    if (!reply.ok) this.log.warn({ command: name, why: reply.why }, `command ${name} refused`);
    const answer: ReplyMessage = { id: command.id, workerId: this.workerId, reply };
    await this.redis.publish(replyChannel(this.prefix), JSON.stringify(answer));
  }

  /** GETDEL, which Redis before 6.2 (Ubuntu 22.04's) does not have. */
  private async take(key: string): Promise<string | null> {
    const [[, json]] = (await this.redis.multi().get(key).del(key).exec()) as [
      [null, string | null],
      unknown,
    ];
    return json;
  }

  /** A task can be on its way from Redis to the runner at this very moment: looked at again a few times. */
  private async concerned(message: Announcement): Promise<boolean> {
    for (const wait of [0, 50, 200, 500]) {
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      if (this.handler.concerns(message)) return true;
    }
    return false;
  }

  private async carryOut(command: Command): Promise<CommandReply> {
    try {
      return { ok: true, result: await this.handler.handle(command) };
    } catch (error) {
      if (!(error instanceof CommandRefused))
        this.log.error({ err: error, command: command.name }, 'command failed');
      return { ok: false, why: (error as Error).message };
    }
  }
}
