import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { RegistryModule } from '../registry/registry.module.js';
import { queueNames } from '../registry/queue-names.js';
import type { TaskType } from '../registry/task-type.js';
import { ConfigModule } from '../platform/config/config.module.js';
import { servedQueues } from '../platform/config/served-queues.js';
import type { Settings } from '../platform/config/settings.js';
import { Limits } from '../limits/limits.js';
import { logInputFaults } from '../platform/logging/input-faults.js';
import { Redaction } from '../platform/redaction/redaction.js';
import { LoggingModule } from '../platform/logging/logging.module.js';
import { Consumers } from './consumers.js';
import { QueueControl } from '../bullmq/queue-control.js';
import { CrashHandler, OWNS_PROCESS } from './crash-handler.js';
import { taskWorkers } from './queue.processor.js';
import { FetchWatchdog } from './fetch-watchdog.js';
import { Handlers } from './handlers.js';
import { Isolation } from './isolation/isolation.js';
import { WorkerSnapshot } from './worker-snapshot.js';
import { AttemptCounters } from './attempt-counters.js';
import { AttemptStore } from './attempt-store.js';
import { TaskLog } from './task-log.js';
import { TaskRunner } from './task-runner.js';
import { WorkerAgent } from './worker-agent.js';
import { WorkerCommands } from './worker-commands.js';
import { WorkerQueueModule } from './worker-queue.module.js';

/** Root module of the worker app. It never loads the web. */
@Module({})
export class WorkerModule {
  /** `ownsProcess`: the worker handles crashes of the whole process, and ends it. A host's process is the host's. */
  static forRoot(
    settings: Settings,
    logger: Logger,
    taskTypes: TaskType[],
    { ownsProcess = false } = {},
  ): DynamicModule {
    const queues = queueNames(taskTypes, settings.QUEUES);
    settings.WORKER_QUEUES = servedQueues(settings, queues);
    return {
      module: WorkerModule,
      imports: [
        ConfigModule.forRoot(settings),
        LoggingModule.forRoot(logger),
        RegistryModule.forRoot({
          types: taskTypes,
          queues,
          report: logInputFaults(logger, new Redaction(settings.REDACT)),
        }),
        WorkerQueueModule,
      ],
      providers: [
        ...new Set(taskTypes.flatMap((type) => type.providers)),
        Handlers,
        Isolation,
        Limits,
        QueueControl,
        AttemptCounters,
        TaskLog,
        AttemptStore,
        TaskRunner,
        taskWorkers(queues),
        Consumers,
        WorkerCommands,
        WorkerSnapshot,
        WorkerAgent,
        { provide: OWNS_PROCESS, useValue: ownsProcess },
        CrashHandler,
        FetchWatchdog,
      ],
    };
  }
}
