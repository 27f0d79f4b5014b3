import { Module } from '@nestjs/common';
import { BulkActionsModule } from '../bulk-actions/bulk-actions.module.js';
import { WorkersModule } from '../workers/workers.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { MonitoringModule } from '../monitoring/monitoring.module.js';
import { QueuesModule } from '../queues/queues.module.js';
import { SearchModule } from '../search/search.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { ErrorsPageController } from './error-groups/errors-page.controller.js';
import { AuditPageController } from './audit/audit-page.controller.js';
import { BulkPageController } from './bulk-actions/bulk-page.controller.js';
import { CommandResults } from './workers/command-results.js';
import { PageShellService } from './kit/page-shell.service.js';
import { HistoryPageController } from './history/history-page.controller.js';
import { LimitsPageController } from './limits/limits-page.controller.js';
import { HealthReader } from './monitor/health-reader.js';
import { MonitorPageController } from './monitor/monitor-page.controller.js';
import { OfferedQueues } from './queues/offered-queues.js';
import { QueueActPageController } from './queues/queue-act-page.controller.js';
import { QueuesPageController } from './queues/queues-page.controller.js';
import { SecondFactorPageController } from './second-factor/second-factor-page.controller.js';
import { SessionsPageController } from './sessions/sessions-page.controller.js';
import { SubmitPageController } from './submit/submit-page.controller.js';
import { SubmitPageService } from './submit/submit-page.service.js';
import { TaskListPageController } from './task-list/task-list-page.controller.js';
import { TaskPageController } from './task/task-page.controller.js';
import { TokensPageController } from './tokens/tokens-page.controller.js';
import { WorkerPageController } from './workers/worker-page.controller.js';
import { WorkersPageController } from './workers/workers-page.controller.js';

/** Pages for browsers. They write only through the services of tasks, workers, queues and limits. */
@Module({
  imports: [
    TasksModule,
    SearchModule,
    BulkActionsModule,
    WorkersModule,
    QueuesModule,
    LimitsModule,
    MonitoringModule,
  ],
  controllers: [
    SubmitPageController,
    TaskListPageController,
    BulkPageController,
    TaskPageController,
    MonitorPageController,
    ErrorsPageController,
    HistoryPageController,
    LimitsPageController,
    QueuesPageController,
    QueueActPageController,
    WorkersPageController,
    WorkerPageController,
    SecondFactorPageController,
    SessionsPageController,
    TokensPageController,
    AuditPageController,
  ],
  providers: [HealthReader, PageShellService, SubmitPageService, OfferedQueues, CommandResults],
})
export class WebModule {}
