import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import { LOG } from '../platform/logging/logging.module.js';
import { blockingConnection } from '../bullmq/connection/redis-connections.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { type CommandName, type CommandReply, type Commands, type ReplyMessage } from './command.js';
import { commandChannel, commandKey, replyChannel } from '../bullmq/keys.js';

/** Timeout for the reply to a command, ms. */
const REPLY_TIMEOUT_MS = 3_000;

/** Web app's side of the control bus: sends a command and waits for the worker's reply. */
@Injectable()
export class WorkerControl implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly pending = new Map<string, (message: ReplyMessage) => void>();
  private readonly subscriber: Redis;

  constructor(
    private readonly settings: Settings,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    @Inject(LOG) log: Logger,
  ) {
    this.subscriber = blockingConnection(settings, 'replies', log);
  }

  onApplicationBootstrap(): void {
    this.subscriber.on('message', (_channel, text) => {
      const message = JSON.parse(text) as ReplyMessage;
      this.pending.get(message.id)?.(message);
    });
    // Waits for Redis in the background, so that the web app starts without it.
    this.subscriber.subscribe(replyChannel(this.settings.QUEUE_PREFIX)).catch(() => undefined);
  }

  onApplicationShutdown(): void {
    this.subscriber.disconnect();
  }

  /**
   * Sends a command to one worker.
   * @throws RoostError WORKER_NO_ANSWER after a timeout; the message states whether the worker may still execute the command.
   */
  async send<N extends CommandName>(
    workerId: string,
    name: N,
    args: Commands[N],
    by: string,
  ): Promise<CommandReply> {
    const outcome = await this.request(workerId, name, args, by, {});
    if (outcome.state === 'answered') return outcome.reply;
    throw new RoostError(
      'WORKER_NO_ANSWER',
      outcome.state === 'taken'
        ? `The worker took the command but has not answered within ${REPLY_TIMEOUT_MS / 1000} s; it may still execute it.`
        : 'The worker does not answer. The command was withdrawn and will not be executed.',
    );
  }

  /** Asks the worker that runs a task to cancel it; undefined if no worker replies. */
  async cancelTask(taskId: string, force: boolean, by: string): Promise<CommandReply | undefined> {
    const outcome = await this.request('all', 'cancel-task', { taskId, force }, by, { taskId });
    return outcome.state === 'answered' ? outcome.reply : undefined;
  }

  private request<N extends CommandName>(
    to: string,
    name: N,
    args: Commands[N],
    by: string,
    announcement: { taskId?: string },
  ) {
    const { QUEUE_PREFIX: prefix } = this.settings;
    const id = randomUUID();
    return withRedis(this.redis, async () => {
      const reply = this.awaitReply(id);
      try {
        // Expires shortly after the timeout, in case this process dies before it deletes the key.
        await this.redis.set(
          commandKey(prefix, id),
          JSON.stringify({ id, name, args, by }),
          'PX',
          REPLY_TIMEOUT_MS + 500,
        );
        const listeners = await this.redis.publish(
          commandChannel(prefix, to),
          JSON.stringify({ id, ...announcement }),
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

  private awaitReply(id: string) {
    let timer: NodeJS.Timeout | undefined;
    const promise = new Promise<ReplyMessage | undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), REPLY_TIMEOUT_MS);
      this.pending.set(id, resolve);
    });
    const done = () => {
      clearTimeout(timer);
      this.pending.delete(id);
    };
    return { promise, done };
  }
}
