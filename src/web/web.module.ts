import { Module } from '@nestjs/common';
import { BulkModule } from '../bulk/bulk.module.js';
import { FleetModule } from '../fleet/fleet.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { MonitoringModule } from '../monitoring/monitoring.module.js';
import { QueuesModule } from '../queues/queues.module.js';
import { SearchModule } from '../search/search.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { ErrorsPageController } from './errors-page.controller.js';
import { AuditPageController } from './audit-page.controller.js';
import { BulkPageController } from './bulk-page.controller.js';
import { FleetReplies } from './fleet-replies.js';
import { FrameService } from './frame.service.js';
import { HistoryPageController } from './history-page.controller.js';
import { LimitsPageController } from './limits-page.controller.js';
import { MonitorPageController } from './monitor-page.controller.js';
import { OfferedQueues } from './offered-queues.js';
import { QueueActPageController } from './queue-act-page.controller.js';
import { QueuesPageController } from './queues-page.controller.js';
import { SubmitPageController } from './submit-page.controller.js';
import { SubmitPageService } from './submit-page.service.js';
import { TaskListPageController } from './task-list-page.controller.js';
import { TaskPageController } from './task-page.controller.js';
import { TokensPageController } from './tokens-page.controller.js';
import { WorkerPageController } from './worker-page.controller.js';
import { WorkersPageController } from './workers-page.controller.js';

/** The pages for people. They write through the services of tasks, fleet, queues and limits alone. */
@Module({
  imports: [TasksModule, SearchModule, BulkModule, FleetModule, QueuesModule, LimitsModule, MonitoringModule],
  controllers: [
    SubmitPageController,
    TaskListPageController,
    // Its paths would otherwise be taken for a task's id.
    BulkPageController,
    TaskPageController,
    MonitorPageController,
    ErrorsPageController,
    HistoryPageController,
    LimitsPageController,
    QueuesPageController,
    QueueActPageController,
    // The whole fleet first: its paths would otherwise be taken for a worker's id.
    WorkersPageController,
    WorkerPageController,
    TokensPageController,
    AuditPageController,
  ],
  providers: [FrameService, SubmitPageService, OfferedQueues, FleetReplies],
})
export class WebModule {}
