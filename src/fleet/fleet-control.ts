import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { RoostError } from '../contract/errors.js';
import { LOG } from '../logging/logging.module.js';
import { patientConnection } from '../queue/redis-connections.js';
import { withRedis } from '../queue/redis-errors.js';
import { COMMANDS } from '../queue/tokens.js';
import {
  commandChannel,
  commandKey,
  replyChannel,
  type CommandName,
  type CommandReply,
  type Commands,
  type ReplyMessage,
} from './command.js';

/** Longest a command may take to be answered, ms. */
const ANSWER_MS = 3_000;

/** The web's side of the control bus: sends a command and waits for the worker's own answer. */
@Injectable()
export class FleetControl implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly waiting = new Map<string, (message: ReplyMessage) => void>();
  private readonly subscriber: Redis;

  constructor(
    private readonly settings: Settings,
    @Inject(COMMANDS) private readonly redis: Redis,
    @Inject(LOG) log: Logger,
  ) {
    this.subscriber = patientConnection(settings, 'replies', log);
  }

  onApplicationBootstrap(): void {
    this.subscriber.on('message', (_channel, text) => {
      const message = JSON.parse(text) as ReplyMessage;
      this.waiting.get(message.id)?.(message);
    });
    // Waits for Redis by itself; the web app does not wait for it.
    this.subscriber.subscribe(replyChannel(this.settings.QUEUE_PREFIX)).catch(() => undefined);
  }

  onApplicationShutdown(): void {
    this.subscriber.disconnect();
  }

  /**
   * A command to one worker.
   * @throws RoostError WORKER_NO_ANSWER when it does not answer in time; the message says whether it can still be obeyed.
   */
  async send<N extends CommandName>(
    workerId: string,
    name: N,
    args: Commands[N],
    by: string,
  ): Promise<CommandReply> {
    const outcome = await this.ask(workerId, name, args, by, {});
    if (outcome.state === 'answered') return outcome.reply;
    throw new RoostError(
      'WORKER_NO_ANSWER',
      outcome.state === 'taken'
        ? `The worker took the command but has not answered within ${ANSWER_MS / 1000} s; it may still carry it out.`
        : 'The worker does not answer. The command was withdrawn: it has not been obeyed and will not be.',
    );
  }

  /** Asks whichever worker runs a task to let go of it; undefined when none of them answers for it. */
  async cancelTask(taskId: string, force: boolean, by: string): Promise<CommandReply | undefined> {
    const outcome = await this.ask('all', 'cancel-task', { taskId, force }, by, { taskId });
    return outcome.state === 'answered' ? outcome.reply : undefined;
  }

  private ask<N extends CommandName>(
    to: string,
    name: N,
    args: Commands[N],
    by: string,
    said: { taskId?: string },
  ) {
    const { QUEUE_PREFIX: prefix } = this.settings;
    const id = randomUUID();
    return withRedis(this.redis, async () => {
      const reply = this.reply(id);
      try {
        // Lives a little longer than we wait: we remove it ourselves, and only we may not be there to do it.
        await this.redis.set(
          commandKey(prefix, id),
          JSON.stringify({ id, name, args, by }),
          'PX',
          ANSWER_MS + 500,
        );
        const listeners = await this.redis.publish(
          commandChannel(prefix, to),
          JSON.stringify({ id, ...said }),
        );
        const message = listeners > 0 ? await reply.promise : undefined;
        if (message) return { state: 'answered' as const, reply: message.reply };
        const withdrawn = await this.redis.del(commandKey(prefix, id));
        return { state: withdrawn === 1 ? ('withdrawn' as const) : ('taken' as const) };
      } finally {
        reply.done();
      }
    });
  }

  private reply(id: string) {
    let timer: NodeJS.Timeout | undefined;
    const promise = new Promise<ReplyMessage | undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ANSWER_MS);
      this.waiting.set(id, resolve);
    });
    const done = () => {
      clearTimeout(timer);
      this.waiting.delete(id);
    };
    return { promise, done };
  }
}
