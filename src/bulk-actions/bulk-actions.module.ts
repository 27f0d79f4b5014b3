import { Module } from '@nestjs/common';
import { SearchModule } from '../search/search.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { BulkActionsController } from './bulk-actions.controller.js';
import { BulkPreviews } from './bulk-preview.js';
import { BulkRunner } from './bulk-runner.js';
import { BulkActionsService } from './bulk-actions.service.js';
import { Selection } from './selection.js';

/** Commands on many tasks at once, each executed through tasks/. */
@Module({
  imports: [SearchModule, TasksModule],
  controllers: [BulkActionsController],
  providers: [BulkPreviews, BulkRunner, BulkActionsService, Selection],
  exports: [BulkActionsService],
})
export class BulkActionsModule {}
