import { Inject, Injectable } from '@nestjs/common';
import { parseFingerprint } from '../bullmq/codec/job-envelope.js';
import { Queues, type TaskQueue } from '../bullmq/shared-queues.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { baseOf } from '../bullmq/keys.js';

/** Length of the prefix of a job's data that contains the fingerprint of its idempotency key, bytes. */
const HEAD_BYTES = 64;

/** A queue that contains a task with the id derived from an idempotency key. */
export interface KeyHolder {
  queue: TaskQueue;
  /** Fingerprint of the request that created the task; missing where the prefix of the job's data does not contain one. */
  fingerprint?: string;
}

/** Finds the tasks that use the ids of Idempotency-Keys. */
@Injectable()
export class IdempotencyIndex {
  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    private readonly queues: Queues,
  ) {}

  /**
   * Returns the holders of each id, in one call of Redis, which needs less than 1 ms for 100 ids. Several hold one id only if
   * concurrent requests used one key in different queues.
   */
  async findHolders(ids: readonly string[]): Promise<KeyHolder[][]> {
    const queues = this.queues.all();
    const heads = await this.redis.roostReadHeads(
      HEAD_BYTES,
      ...ids.flatMap((id) => queues.flatMap((queue) => [baseOf(queue), id])),
    );
    return ids.map((_, n) =>
      queues.flatMap((queue, i) => {
        const head = heads[n * queues.length + i];
        return typeof head === 'string' ? [{ queue, ...parseFingerprint(head) }] : [];
      }),
    );
  }
}
