import { Inject, Injectable } from '@nestjs/common';
import { TickBatch } from '../coordination/tick-batch.js';
import { parseFingerprint } from '../bullmq/codec/job-envelope.js';
import { Queues, type TaskQueue } from '../bullmq/shared-queues.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { baseOf } from '../bullmq/keys.js';

/** Length of the prefix of a job's data that contains the fingerprint of its idempotency key, bytes. */
const HEAD_BYTES = 64;
/** Ids per script call; a full call takes Redis less than 1 ms. */
const MAX_BATCH_SIZE = 100;

/** A queue that contains a task with the id derived from an idempotency key. */
export interface KeyHolder {
  queue: TaskQueue;
  /** Fingerprint of the request that created the task; missing where the prefix of the job's data does not contain one. */
  fingerprint?: string;
}

/** Finds the tasks that use the id of an Idempotency-Key. Coalesces lookups made in the same tick of the event loop. */
@Injectable()
export class IdempotencyIndex {
  private readonly lookups = new TickBatch<string, KeyHolder[]>(MAX_BATCH_SIZE, (ids) => this.findAll(ids));

  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    private readonly queues: Queues,
  ) {}

  /** Returns more than one holder only if concurrent requests used one key in different queues. */
  findHolders(id: string): Promise<KeyHolder[]> {
    return this.lookups.add(id);
  }

  private async findAll(ids: readonly string[]): Promise<KeyHolder[][]> {
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
