import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { AccessModule } from './access/access.module.js';
import { AuditModule } from './audit/audit.module.js';
import { BulkModule } from './bulk/bulk.module.js';
import { CatalogModule } from './catalog/catalog.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Settings } from './config/settings.js';
import { HistoryModule } from './history/history.module.js';
import { AccessLog } from './http/access-log.js';
import { ProblemFilter, ERROR_PAGE } from './http/problem.filter.js';
import { LimitsModule } from './limits/limits.module.js';
import { LoggingModule } from './logging/logging.module.js';
import { MonitoringModule } from './monitoring/monitoring.module.js';
import { QueueModule } from './queue/queue.module.js';
import { QueuesModule } from './queues/queues.module.js';
import { SearchModule } from './search/search.module.js';
import { TasksModule } from './tasks/tasks.module.js';
import { errorPage } from './web/error-page.js';
import { WebModule } from './web/web.module.js';

/** Root of the web app. */
@Module({})
export class AppModule {
  static forRoot(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(settings),
        LoggingModule.forRoot(logger),
        CatalogModule.forRoot(),
        QueueModule.forRoot(),
        HistoryModule,
        AccessModule,
        AuditModule,
        // Before tasks: its paths would otherwise be taken for a task's id.
        SearchModule,
        TasksModule,
        LimitsModule,
        QueuesModule,
        BulkModule,
        MonitoringModule,
        WebModule,
      ],
      providers: [AccessLog, ProblemFilter, { provide: ERROR_PAGE, useValue: errorPage }],
    };
  }
}
