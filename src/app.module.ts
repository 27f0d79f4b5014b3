import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { AuthModule } from './auth/auth.module.js';
import { SavedForms } from './auth/saved-forms.js';
import { AuditModule } from './audit/audit.module.js';
import { BulkActionsModule } from './bulk-actions/bulk-actions.module.js';
import { RegistryModule } from './registry/registry.module.js';
import { queueNames, unusedQueues } from './registry/queue-names.js';
import type { TaskType } from './registry/task-type.js';
import { schemaProblems } from './registry/schema-check.js';
import { ConfigModule } from './platform/config/config.module.js';
import { servedQueues } from './platform/config/served-queues.js';
import type { Settings } from './platform/config/settings.js';
import { HistoryModule } from './history/history.module.js';
import { AccessLog } from './http/access-log.js';
import { OpenRequests } from './http/open-requests.js';
import { ProblemFilter, ERROR_PAGE } from './http/problem.filter.js';
import { RouteOrder } from './http/route-order.js';
import { LimitsModule } from './limits/limits.module.js';
import { logInputFaults } from './platform/logging/input-faults.js';
import { Redaction } from './platform/redaction/redaction.js';
import { LoggingModule } from './platform/logging/logging.module.js';
import { MonitoringModule } from './monitoring/monitoring.module.js';
import { BullmqModule } from './bullmq/bullmq.module.js';
import { QueuesModule } from './queues/queues.module.js';
import { SearchModule } from './search/search.module.js';
import { TaskRoutesModule } from './tasks/task-routes.module.js';
import { TasksModule } from './tasks/tasks.module.js';
import { errorPageWith } from './web/kit/render-error-page.js';
import { WebModule } from './web/web.module.js';

/** Root module of the web app. */
@Module({})
export class AppModule {
  static forRoot(settings: Settings, logger: Logger, taskTypes: readonly TaskType[]): DynamicModule {
    const queues = queueNames(taskTypes, settings.QUEUES);
    settings.WORKER_QUEUES = servedQueues(settings, queues);
    for (const queue of unusedQueues(taskTypes, settings.QUEUES)) {
      logger.warn(
        { queue },
        `QUEUES names ${queue}, which no task type uses: tasks get there only by being moved`,
      );
    }
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(settings),
        LoggingModule.forRoot(logger),
        RegistryModule.forRoot({
          types: taskTypes,
          queues,
          report: logInputFaults(logger, new Redaction(settings.REDACT)),
          promised: schemaProblems,
        }),
        BullmqModule.forRoot(queues),
        HistoryModule,
        AuthModule,
        AuditModule,
        SearchModule,
        TasksModule,
        TaskRoutesModule,
        LimitsModule,
        QueuesModule,
        BulkActionsModule,
        MonitoringModule,
        WebModule,
      ],
      providers: [
        AccessLog,
        OpenRequests,
        ProblemFilter,
        RouteOrder,
        { provide: ERROR_PAGE, useFactory: errorPageWith, inject: [SavedForms] },
      ],
    };
  }
}
