import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { FleetModule } from '../fleet/fleet.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { ErrorsController } from './errors/errors.controller.js';
import { ErrorsService } from './errors/errors.service.js';
import { EventsController } from './events.controller.js';
import { HistoryController } from './history.controller.js';
import { HistoryReporter } from './history-report.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { MetricsService } from './metrics/metrics.service.js';
import { MonitoringController } from './monitoring.controller.js';
import { MonitoringService } from './monitoring.service.js';
import { NumbersController } from './numbers/numbers.controller.js';
import { NumbersService } from './numbers/numbers.service.js';
import { RedisDetailsReader } from './redis-details.js';
import { VersionWatch } from './version-watch.js';
import { WorkersController } from './workers.controller.js';

/** What goes on: numbers, errors, queues, workers, Redis, health, live events and metrics. */
@Module({
  imports: [EventsModule, FleetModule, TasksModule],
  controllers: [
    EventsController,
    HealthController,
    MonitoringController,
    NumbersController,
    ErrorsController,
    HistoryController,
    MetricsController,
    WorkersController,
  ],
  providers: [
    MonitoringService,
    RedisDetailsReader,
    NumbersService,
    ErrorsService,
    MetricsService,
    VersionWatch,
    HistoryReporter,
  ],
  exports: [HistoryReporter, MonitoringService, RedisDetailsReader, NumbersService, ErrorsService],
})
export class MonitoringModule {}
