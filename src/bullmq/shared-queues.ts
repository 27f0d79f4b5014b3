import { BullModule, getQueueToken, getSharedConfigToken } from '@nestjs/bullmq';
import { Inject, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import type { Queue, QueueOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { Settings } from '../platform/config/settings.js';
import { RoostError } from '../model/errors.js';
import type { JobEnvelope } from './codec/job-envelope.js';
import { batchAdds } from './patches/batched-adds.js';
import { storeShort } from './patches/stored-job.js';
import { COMMAND_CLIENT, SHARED_QUEUES } from './tokens.js';

export type TaskQueue = Queue<JobEnvelope>;

/** Shared BullMQ queues by name, the default queue first. */
export class Queues {
  private readonly byName: ReadonlyMap<string, TaskQueue>;

  constructor(queues: readonly TaskQueue[]) {
    this.byName = new Map(queues.map((queue) => [queue.name, queue]));
    // The connection logs each outage once. Without a listener BullMQ prints every failed attempt.
    for (const queue of queues) {
      queue.on('error', () => undefined);
      storeShort(queue);
      batchAdds(queue, queue.opts.connection as Redis);
    }
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

/** Key of Roost's BullMQ configuration. A host app in the same process has its own, usually without a key. */
const CONFIG_KEY = 'roost';

/**
 * Returns the name by which `@InjectQueue` injects a shared queue. It differs from the queue's own name, because
 * @nestjs/bullmq looks up queues by name across a whole Nest app, and a host may have one of the same name.
 */
export function sharedQueueName(queue: string): string {
  return `${CONFIG_KEY}/${queue}`;
}

/** Configuration of the shared queues. Provided here and not by `BullModule.forRoot`, which sets options without a key too. */
export const queueConfig: FactoryProvider<QueueOptions> = {
  provide: getSharedConfigToken(CONFIG_KEY),
  useFactory: (settings: Settings, connection: Redis) => ({
    connection,
    prefix: settings.QUEUE_PREFIX,
    // Without these options a queue stays broken if Redis is unavailable when the process starts.
    skipVersionCheck: true,
    skipWaitingForReady: true,
    skipMetasUpdate: true,
  }),
  inject: [Settings, COMMAND_CLIENT],
};

/** Registers the queues for `@InjectQueue(sharedQueueName(name))`. Needs `queueConfig` in a global module. */
export function registerSharedQueues(names: readonly string[]): DynamicModule {
  return BullModule.registerQueueAsync(
    ...names.map((name) => ({
      name: sharedQueueName(name),
      configKey: CONFIG_KEY,
      useFactory: () => ({ name }),
    })),
  );
}

/** Provides for `@InjectQueues()` all queues that `@InjectQueue` injects one by one. */
export function sharedQueues(names: readonly string[]): FactoryProvider<TaskQueue[]> {
  return {
    provide: SHARED_QUEUES,
    useFactory: (...shared: TaskQueue[]) => shared,
    inject: names.map((name) => getQueueToken(sharedQueueName(name))),
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
