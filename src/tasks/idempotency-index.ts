import { Inject, Injectable } from '@nestjs/common';
import { parseFingerprint } from '../bullmq/codec/job-envelope.js';
import { Queues, type TaskQueue } from '../bullmq/shared-queues.js';
import type { CommandRedis } from '../bullmq/task-commands.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { baseOf, keyClaimKey } from '../bullmq/keys.js';
import { execAll } from '../bullmq/connection/redis-errors.js';
import { Settings } from '../platform/config/settings.js';

/** Length of the prefix of a job's data that contains the fingerprint of its idempotency key, bytes. */
const HEAD_BYTES = 64;

/** A queue that contains a task with the id derived from an idempotency key. */
export interface KeyHolder {
  queue: TaskQueue;
  /** Fingerprint of the request that created the task; missing where the prefix of the job's data does not contain one. */
  fingerprint?: string;
}

/**
 * Lifetime of a claim that is not released, ms: the request was refused, or its web app was killed. It must be longer than
 * a submission from its claim to the reply to its add, as no other request finds the task before.
 */
const CLAIM_MS = 5_000;

/** Use of an id by a request that asks for it. */
export interface KeyUse {
  holders: KeyHolder[];
  /** Fingerprint of the request that has the claim: this one's own, unless another came first. */
  claimedBy: string | undefined;
}

/** Decides which request may use the id of an Idempotency-Key, and finds the tasks that use one. */
@Injectable()
export class IdempotencyIndex {
  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: CommandRedis,
    private readonly queues: Queues,
    private readonly settings: Settings,
  ) {}

  /**
   * Claims the ids, each for the first of the requests that ask at once, and returns who uses them. One round trip. The
   * claim comes before the queues are read, so a task that is added under it is either seen or claimed.
   */
  async claim(asked: readonly { id: string; fingerprint: string }[]): Promise<KeyUse[]> {
    const pipeline = this.redis.pipeline();
    for (const { id, fingerprint } of asked) {
      const key = keyClaimKey(this.settings.QUEUE_PREFIX, id);
      pipeline.set(key, fingerprint, 'PX', CLAIM_MS, 'NX').get(key);
    }
    const claims = execAll<(string | null)[]>(pipeline);
    const holders = this.findHolders(asked.map(({ id }) => id));
    const [answers, found] = await Promise.all([claims, holders]);
    return found.map((some, i) => ({ holders: some, claimedBy: answers[2 * i + 1] ?? undefined }));
  }

  /** Releases the claims on ids whose tasks are in their queues. What is not released expires. */
  release(ids: readonly string[]): void {
    const pipeline = this.redis.pipeline();
    for (const id of ids) pipeline.del(keyClaimKey(this.settings.QUEUE_PREFIX, id));
    pipeline.exec().catch(() => undefined);
  }

  /**
   * Returns the holders of each id, in one call of Redis, which needs less than 1 ms for 100 ids. More than one holds an id
   * only if an earlier version accepted concurrent requests with one key for different queues.
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
