import { Inject, Injectable } from '@nestjs/common';
import { keyedHead } from '../queue/job-envelope.js';
import { Queues, type TaskQueue } from '../queue/queues.js';
import type { CommandRedis } from '../queue/task-commands.js';
import { COMMANDS } from '../queue/tokens.js';

/** Bytes of a job's data in which the fingerprint of a keyed one stands. */
const HEAD_BYTES = 64;
/** Ids asked for in one call: less than a millisecond of Redis. */
const MOST = 100;

/** A queue that has a task with the id of a key. */
export interface KeyHolder {
  queue: TaskQueue;
  /** Of the request it came with; none where it is not to be told from the beginning of its data. */
  fingerprint?: string;
}

interface Question {
  id: string;
  resolve: (holders: KeyHolder[]) => void;
  reject: (error: unknown) => void;
}

/** Asks who has the id of an Idempotency-Key, for all that come in one turn of the event loop at once. */
@Injectable()
export class KeyHolders {
  private waiting: Question[] = [];

  constructor(
    @Inject(COMMANDS) private readonly redis: CommandRedis,
    private readonly queues: Queues,
  ) {}

  /** Two only where a key was raced across queues. */
  of(id: string): Promise<KeyHolder[]> {
    return new Promise((resolve, reject) => {
      if (this.waiting.push({ id, resolve, reject }) === 1) setImmediate(() => this.ask());
    });
  }

  private ask(): void {
    const all = this.waiting;
    this.waiting = [];
    for (let from = 0; from < all.length; from += MOST) void this.answer(all.slice(from, from + MOST));
  }

  private async answer(questions: readonly Question[]): Promise<void> {
    try {
      const queues = this.queues.all();
      const heads = await this.redis.roostReadHeads(
        HEAD_BYTES,
        ...questions.flatMap(({ id }) => queues.flatMap((queue) => [queue.toKey(''), id])),
      );
      questions.forEach(({ resolve }, n) =>
        resolve(
          queues.flatMap((queue, i) => {
            const head = heads[n * queues.length + i];
            return typeof head === 'string' ? [{ queue, ...keyedHead(head) }] : [];
          }),
        ),
      );
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }
}
