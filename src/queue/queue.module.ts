import { BullModule } from '@nestjs/bullmq';
import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { QUEUE_NAMES } from '../contract/queues.js';
import { LOG } from '../logging/logging.module.js';
import { BatchMover } from './batch-mover.js';
import { QueueControl } from './queue-control.js';
import { Queues, queuesProvider } from './queues.js';
import { RedisClock } from './redis-clock.js';
import { closeConnection, failFastConnection, patientConnection } from './redis-connections.js';
import { withTaskCommands } from './task-commands.js';
import { TaskMover } from './task-mover.js';
import { TaskReader } from './task-reader.js';
import { COMMANDS, EVENT_TAIL } from './tokens.js';

const commands = {
  provide: COMMANDS,
  useFactory: (settings: Settings, log: Logger) =>
    withTaskCommands(failFastConnection(settings, 'commands', log)),
  inject: [Settings, LOG],
};

const eventTail = {
  provide: EVENT_TAIL,
  useFactory: (settings: Settings, log: Logger) => patientConnection(settings, 'events', log),
  inject: [Settings, LOG],
};

/** The connections that everything else in the process shares. */
@Global()
@Module({ providers: [commands, eventTail, RedisClock], exports: [COMMANDS, EVENT_TAIL, RedisClock] })
class ConnectionsModule implements OnApplicationShutdown {
  constructor(
    @Inject(COMMANDS) private readonly commands: Redis,
    @Inject(EVENT_TAIL) private readonly tail: Redis,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    this.tail.disconnect();
    await closeConnection(this.commands);
  }
}

/**
 * The shared BullMQ queues, their connection and what reads and moves tasks in them. TasksModule,
 * MonitoringModule and WebModule inject the queues from here.
 */
@Global()
@Module({})
export class QueueModule {
  static forRoot(): DynamicModule {
    return {
      module: QueueModule,
      imports: [
        ConnectionsModule,
        BullModule.forRootAsync({
          inject: [Settings, COMMANDS],
          useFactory: (settings: Settings, connection: Redis) => ({
            connection,
            prefix: settings.QUEUE_PREFIX,
            // Without these a Redis that is away when the process starts poisons the queue for good.
            skipVersionCheck: true,
            skipWaitingForReady: true,
            skipMetasUpdate: true,
          }),
        }),
        BullModule.registerQueue(...QUEUE_NAMES.map((name) => ({ name }))),
      ],
      providers: [queuesProvider, TaskReader, TaskMover, BatchMover, QueueControl],
      exports: [BullModule, Queues, TaskReader, TaskMover, BatchMover, QueueControl],
    };
  }
}
