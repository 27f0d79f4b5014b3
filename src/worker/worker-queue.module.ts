import { BullModule } from '@nestjs/bullmq';
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { LOG } from '../logging/logging.module.js';
import { RedisClock } from '../queue/redis-clock.js';
import { closeConnection, failFastConnection, patientConnection } from '../queue/redis-connections.js';
import { withTaskCommands } from '../queue/task-commands.js';
import { TaskMover } from '../queue/task-mover.js';
import { COMMANDS } from '../queue/tokens.js';
import { TaskWorker } from './task-worker.js';

/** The connection BullMQ's workers share for all but their blocking reads. */
const CONSUMER = Symbol('roost:consumer');

const commands = {
  provide: COMMANDS,
  useFactory: (settings: Settings, log: Logger) =>
    withTaskCommands(failFastConnection(settings, 'worker-commands', log)),
  inject: [Settings, LOG],
};

const consumer = {
  provide: CONSUMER,
  useFactory: (settings: Settings, log: Logger) => patientConnection(settings, 'consumer', log),
  inject: [Settings, LOG],
};

@Global()
@Module({
  providers: [commands, consumer, TaskMover, RedisClock],
  exports: [COMMANDS, CONSUMER, TaskMover, RedisClock],
})
class WorkerConnectionsModule implements OnApplicationShutdown {
  constructor(
    @Inject(COMMANDS) private readonly commands: Redis,
    @Inject(CONSUMER) private readonly consumer: Redis,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([closeConnection(this.commands), closeConnection(this.consumer)]);
  }
}

BullModule.workerClass = TaskWorker;

/** BullMQ for a process that only consumes: no queues, patient connections. */
@Module({
  imports: [
    WorkerConnectionsModule,
    BullModule.forRootAsync({
      inject: [Settings, CONSUMER],
      useFactory: (settings: Settings, connection: Redis) => ({ connection, prefix: settings.QUEUE_PREFIX }),
    }),
    // Registers no queue; it is what makes @nestjs/bullmq look for the `@Processor` classes.
    BullModule.registerQueue(),
  ],
})
export class WorkerQueueModule {}
