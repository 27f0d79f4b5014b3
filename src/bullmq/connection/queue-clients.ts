import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { TtlCache } from '../../coordination/ttl-cache.js';
import { COMMAND_CLIENT } from '../tokens.js';

/** Lifetime of the cached client list, ms: the list is long on a busy Redis, and every open page requests it. */
const MAX_AGE_MS = 2_000;

/** Counts connected workers of any program by their client names: BullMQ names each worker's connection after its queue. */
@Injectable()
export class QueueClients {
  private readonly clients = new TtlCache<string[] | undefined>(MAX_AGE_MS);

  constructor(@Inject(COMMAND_CLIENT) private readonly redis: Redis) {}

  /**
   * Counts the connected workers of a queue; undefined if the Redis user may not run CLIENT LIST.
   * @param queue name with prefix, `bull:mail`.
   */
  async countWorkers(queue: string): Promise<number | undefined> {
    const colon = queue.lastIndexOf(':');
    const name = `${queue.slice(0, colon)}:${Buffer.from(queue.slice(colon + 1)).toString('base64')}`;
    const names = await this.clients.get('', () => this.loadNames());
    return names?.filter((one) => one === name || one.startsWith(`${name}:w:`)).length;
  }

  private async loadNames(): Promise<string[] | undefined> {
    try {
      const list = (await this.redis.client('LIST')) as string;
      return list.split('\n').flatMap((line) => / name=(\S+)/.exec(line)?.[1] ?? []);
    } catch (error) {
      if (error instanceof Error && /^NOPERM|unknown (sub)?command/i.test(error.message)) return undefined;
      throw error;
    }
  }
}
