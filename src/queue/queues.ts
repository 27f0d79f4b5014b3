import { getQueueToken } from '@nestjs/bullmq';
import type { FactoryProvider } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { RoostError } from '../contract/errors.js';
import { QUEUE_NAMES } from '../contract/queues.js';
import type { JobEnvelope } from './job-envelope.js';

export type TaskQueue = Queue<JobEnvelope>;

/** The shared BullMQ queues by name, in the order of `QUEUE_NAMES`. */
export class Queues {
  private readonly byName: ReadonlyMap<string, TaskQueue>;

  constructor(queues: readonly TaskQueue[]) {
    this.byName = new Map(queues.map((queue) => [queue.name, queue]));
    // The connection itself reports an outage, once; without a listener BullMQ prints every failed attempt.
    for (const queue of queues) queue.on('error', () => undefined);
  }

  all(): TaskQueue[] {
    return [...this.byName.values()];
  }

  names(): string[] {
    return [...this.byName.keys()];
  }

  /** @throws RoostError QUEUE_NOT_FOUND naming the queues there are. */
  get(name: string): TaskQueue {
    const queue = this.byName.get(name);
    if (!queue) {
      throw new RoostError(
        'QUEUE_NOT_FOUND',
        `There is no queue \`${name}\`. There are: ${this.names().join(', ')}.`,
      );
    }
    return queue;
  }
}

export const queuesProvider: FactoryProvider<Queues> = {
  provide: Queues,
  useFactory: (...queues: TaskQueue[]) => new Queues(queues),
  inject: QUEUE_NAMES.map((name) => getQueueToken(name)),
};
