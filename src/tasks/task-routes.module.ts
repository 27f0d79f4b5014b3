import { Module } from '@nestjs/common';
import { BulkActionsModule } from '../bulk-actions/bulk-actions.module.js';
import { EventsModule } from '../events/events.module.js';
import { SearchModule } from '../search/search.module.js';
import { SubmitBatchController } from './submit-batch.controller.js';
import { TaskCommandsController } from './task-commands.controller.js';
import { TaskEventsController } from './task-events.controller.js';
import { TaskQueriesController } from './task-queries.controller.js';
import { TaskSearchController } from './task-search.controller.js';
import { TaskTypesController } from './task-types.controller.js';
import { TasksModule } from './tasks.module.js';

/**
 * All routes under /api/v1/tasks. Apart from TasksModule, because they also call the services of features that stand on it,
 * such as bulk actions.
 */
@Module({
  imports: [TasksModule, SearchModule, BulkActionsModule, EventsModule],
  controllers: [
    SubmitBatchController,
    TaskCommandsController,
    TaskEventsController,
    TaskQueriesController,
    TaskSearchController,
    TaskTypesController,
  ],
})
export class TaskRoutesModule {}
