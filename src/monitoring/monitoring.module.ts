import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { FleetModule } from '../fleet/fleet.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { EventsController } from './events.controller.js';
import { HealthController } from './health.controller.js';
import { MonitoringController } from './monitoring.controller.js';
import { MonitoringService } from './monitoring.service.js';
import { RedisDetailsReader } from './redis-details.js';
import { WorkersController } from './workers.controller.js';

/** What goes on: queues, workers, Redis, health and live events. */
@Module({
  imports: [EventsModule, FleetModule, TasksModule],
  controllers: [EventsController, HealthController, MonitoringController, WorkersController],
  providers: [MonitoringService, RedisDetailsReader],
  exports: [MonitoringService, RedisDetailsReader],
})
export class MonitoringModule {}
