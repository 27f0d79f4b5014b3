import { BullModule } from '@nestjs/bullmq';
import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { SharedClock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { LOG } from '../platform/logging/logging.module.js';
import { BatchTransitions } from './batch-transitions.js';
import { ProgressLedger } from './progress-ledger.js';
import { QueueClients } from './connection/queue-clients.js';
import { QueueControl } from './queue-control.js';
import { queueConfig, queues, Queues, registerSharedQueues, sharedQueues } from './shared-queues.js';
import { RedisClock } from './connection/redis-clock.js';
import { closeConnection, commandConnection, blockingConnection } from './connection/redis-connections.js';
import { RedisHealth } from './connection/redis-health.js';
import { withTaskCommands } from './task-commands.js';
import { TaskTransitions } from './task-transitions.js';
import { TaskReader } from './task-reader.js';
import { COMMAND_CLIENT, EVENT_TAIL, SHARED_QUEUES } from './tokens.js';

const commands = {
  provide: COMMAND_CLIENT,
  useFactory: (settings: Settings, log: Logger) =>
    withTaskCommands(commandConnection(settings, 'commands', log)),
  inject: [Settings, LOG],
};

const eventTail = {
  provide: EVENT_TAIL,
  useFactory: (settings: Settings, log: Logger) => blockingConnection(settings, 'events', log),
  inject: [Settings, LOG],
};

/** Connections that the whole process shares. */
@Global()
@Module({
  providers: [commands, eventTail, SharedClock, RedisClock, RedisHealth, queueConfig],
  exports: [COMMAND_CLIENT, EVENT_TAIL, SharedClock, RedisClock, RedisHealth, queueConfig],
})
class ConnectionsModule implements OnApplicationShutdown {
  constructor(
    @Inject(COMMAND_CLIENT) private readonly commands: Redis,
    @Inject(EVENT_TAIL) private readonly tail: Redis,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    this.tail.disconnect();
    await closeConnection(this.commands);
  }
}

/**
 * Shared BullMQ queues, their connection, and the classes that read and change tasks in them. TasksModule,
 * MonitoringModule and WebModule inject the queues from here.
 */
@Global()
@Module({})
export class BullmqModule {
  static forRoot(names: readonly string[]): DynamicModule {
    return {
      module: BullmqModule,
      imports: [ConnectionsModule, registerSharedQueues(names)],
      providers: [
        sharedQueues(names),
        queues,
        TaskReader,
        TaskTransitions,
        BatchTransitions,
        ProgressLedger,
        QueueClients,
        QueueControl,
      ],
      exports: [
        BullModule,
        SHARED_QUEUES,
        Queues,
        TaskReader,
        TaskTransitions,
        BatchTransitions,
        ProgressLedger,
        QueueClients,
        QueueControl,
      ],
    };
  }
}
