import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { SharedClock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { LOG } from '../platform/logging/logging.module.js';
import { RedisClock } from '../bullmq/connection/redis-clock.js';
import {
  closeConnection,
  commandConnection,
  blockingConnection,
} from '../bullmq/connection/redis-connections.js';
import { batchWrites } from '../bullmq/patches/batched-writes.js';
import { withTaskCommands } from '../bullmq/task-commands.js';
import { TaskTransitions } from '../bullmq/task-transitions.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';

/** Connection that BullMQ's workers share for everything except their blocking reads. */
export const CONSUMER = Symbol('roost:consumer');

const commands = {
  provide: COMMAND_CLIENT,
  useFactory: (settings: Settings, log: Logger) =>
    withTaskCommands(batchWrites(commandConnection(settings, 'worker-commands', log))),
  inject: [Settings, LOG],
};

const consumer = {
  provide: CONSUMER,
  useFactory: (settings: Settings, log: Logger) => batchWrites(blockingConnection(settings, 'consumer', log)),
  inject: [Settings, LOG],
};

/** Connections of a process that only consumes. Those of the workers wait while Redis is unavailable. */
@Global()
@Module({
  providers: [commands, consumer, TaskTransitions, SharedClock, RedisClock],
  exports: [COMMAND_CLIENT, CONSUMER, TaskTransitions, SharedClock, RedisClock],
})
export class WorkerQueueModule implements OnApplicationShutdown {
  constructor(
    @Inject(COMMAND_CLIENT) private readonly commands: Redis,
    @Inject(CONSUMER) private readonly consumer: Redis,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([closeConnection(this.commands), closeConnection(this.consumer)]);
  }
}
