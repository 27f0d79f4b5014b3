import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { CatalogModule } from '../catalog/catalog.module.js';
import type { TaskType } from '../catalog/task-type.js';
import { ConfigModule } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { Limits } from '../limits/limits.js';
import { LoggingModule } from '../logging/logging.module.js';
import { Consumers } from './consumers.js';
import { QueueControl } from '../queue/queue-control.js';
import { CpuProcessor } from './cpu.processor.js';
import { DefaultProcessor } from './default.processor.js';
import { FetchWatchdog } from './fetch-watchdog.js';
import { Handlers } from './handlers.js';
import { Isolation } from './isolation/isolation.js';
import { SelfPortrait } from './self-portrait.js';
import { Tally } from './tally.js';
import { TaskLog } from './task-log.js';
import { TaskRunner } from './task-runner.js';
import { WorkerAgent } from './worker-agent.js';
import { WorkerCommands } from './worker-commands.js';
import { WorkerQueueModule } from './worker-queue.module.js';

/** Root of the worker app: it never loads the web. */
@Module({})
export class WorkerModule {
  static forRoot(settings: Settings, logger: Logger, taskTypes: TaskType[]): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        ConfigModule.forRoot(settings),
        LoggingModule.forRoot(logger),
        CatalogModule.forRoot(),
        WorkerQueueModule,
      ],
      providers: [
        ...new Set(taskTypes.flatMap((type) => type.providers)),
        Handlers,
        Isolation,
        Limits,
        QueueControl,
        Tally,
        TaskLog,
        TaskRunner,
        DefaultProcessor,
        CpuProcessor,
        Consumers,
        WorkerCommands,
        SelfPortrait,
        WorkerAgent,
        FetchWatchdog,
      ],
    };
  }
}
