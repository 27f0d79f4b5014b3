import { getQueueToken } from '@nestjs/bullmq';
import { Inject, type FactoryProvider } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { RoostError } from '../model/errors.js';
import type { JobEnvelope } from './codec/job-envelope.js';
import { SHARED_QUEUES } from './tokens.js';

export type TaskQueue = Queue<JobEnvelope>;

/** Shared BullMQ queues by name, the default queue first. */
export class Queues {
  private readonly byName: ReadonlyMap<string, TaskQueue>;

  constructor(queues: readonly TaskQueue[]) {
    this.byName = new Map(queues.map((queue) => [queue.name, queue]));
    // The connection logs each outage once. Without a listener BullMQ prints every failed attempt.
    for (const queue of queues) queue.on('error', () => undefined);
  }

  all(): TaskQueue[] {
    return [...this.byName.values()];
  }

  names(): string[] {
    return [...this.byName.keys()];
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** @throws RoostError QUEUE_NOT_FOUND that lists the existing queues. */
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

/** Provides for `@InjectQueues()` all queues that `@InjectQueue(name)` injects one by one. */
export function sharedQueues(names: readonly string[]): FactoryProvider<TaskQueue[]> {
  return {
    provide: SHARED_QUEUES,
    useFactory: (...shared: TaskQueue[]) => shared,
    inject: names.map((name) => getQueueToken(name)),
  };
}

export const queues: FactoryProvider<Queues> = {
  provide: Queues,
  useFactory: (shared: TaskQueue[]) => new Queues(shared),
  inject: [SHARED_QUEUES],
};

/** Injects all shared queues: their names are known only after the task types have been loaded. */
export function InjectQueues(): ParameterDecorator {
  return Inject(SHARED_QUEUES) as ParameterDecorator;
}
