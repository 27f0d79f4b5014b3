import { Module } from '@nestjs/common';
import { SearchModule } from '../search/search.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { BulkActionsController } from './bulk-actions.controller.js';
import { BulkPreviews } from './bulk-preview.js';
import { BulkRunner } from './bulk-runner.js';
import { BulkService } from './bulk.service.js';
import { DeleteTaskController } from './delete-task.controller.js';
import { Selection } from './selection.js';

/** Acting on many tasks at once, each through tasks/. */
@Module({
  imports: [SearchModule, TasksModule],
  controllers: [BulkActionsController, DeleteTaskController],
  providers: [BulkPreviews, BulkRunner, BulkService, Selection],
  exports: [BulkService],
})
export class BulkModule {}
