import { Module } from '@nestjs/common';
import { MonitoringModule } from '../monitoring/monitoring.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { FrameService } from './frame.service.js';
import { MonitorPageController } from './monitor-page.controller.js';
import { SubmitPageController } from './submit-page.controller.js';
import { SubmitPageService } from './submit-page.service.js';
import { TaskListPageController } from './task-list-page.controller.js';
import { TaskPageController } from './task-page.controller.js';

/** The pages for people. They read through the services of tasks and monitoring, and write through tasks alone. */
@Module({
  imports: [TasksModule, MonitoringModule],
  controllers: [SubmitPageController, TaskListPageController, TaskPageController, MonitorPageController],
  providers: [FrameService, SubmitPageService],
})
export class WebModule {}
