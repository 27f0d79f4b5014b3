import { BullModule } from '@nestjs/bullmq';
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
import { withTaskCommands } from '../bullmq/task-commands.js';
import { TaskTransitions } from '../bullmq/task-transitions.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { TaskWorker } from './task-worker.js';

/** Connection that BullMQ's workers share for everything except their blocking reads. */
const CONSUMER = Symbol('roost:consumer');

const commands = {
  provide: COMMAND_CLIENT,
  useFactory: (settings: Settings, log: Logger) =>
    withTaskCommands(commandConnection(settings, 'worker-commands', log)),
  inject: [Settings, LOG],
};

const consumer = {
  provide: CONSUMER,
  useFactory: (settings: Settings, log: Logger) => blockingConnection(settings, 'consumer', log),
  inject: [Settings, LOG],
};

@Global()
@Module({
  providers: [commands, consumer, TaskTransitions, SharedClock, RedisClock],
  exports: [COMMAND_CLIENT, CONSUMER, TaskTransitions, SharedClock, RedisClock],
})
class WorkerConnectionsModule implements OnApplicationShutdown {
  constructor(
    @Inject(COMMAND_CLIENT) private readonly commands: Redis,
    @Inject(CONSUMER) private readonly consumer: Redis,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([closeConnection(this.commands), closeConnection(this.consumer)]);
  }
}

BullModule.workerClass = TaskWorker;

/** BullMQ for a process that only consumes: no queues, and blocking connections. */
@Module({
  imports: [
    WorkerConnectionsModule,
    BullModule.forRootAsync({
      inject: [Settings, CONSUMER],
      useFactory: (settings: Settings, connection: Redis) => ({ connection, prefix: settings.QUEUE_PREFIX }),
    }),
    // Registers no queue, but makes @nestjs/bullmq find the `@Processor` classes.
    BullModule.registerQueue(),
  ],
})
export class WorkerQueueModule {}
