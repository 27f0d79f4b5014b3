import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { WorkersModule } from '../workers/workers.module.js';
import { TasksModule } from '../tasks/tasks.module.js';
import { ErrorGroupsController } from './error-groups/error-groups.controller.js';
import { ErrorGroupsService } from './error-groups/error-groups.service.js';
import { EventsController } from './events.controller.js';
import { HistoryController } from './history.controller.js';
import { HistoryReporter } from './history-report.js';
import { HealthController } from './health.controller.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { MetricsService } from './metrics/metrics.service.js';
import { MonitoringController } from './monitoring.controller.js';
import { MonitoringService } from './monitoring.service.js';
import { StatsController } from './stats/stats.controller.js';
import { StatsService } from './stats/stats.service.js';
import { RedisDetailsReader } from './redis-details.js';
import { VersionWatch } from './version-watch.js';
import { WorkersController } from './workers.controller.js';

/** Monitoring: stats, error groups, queues, workers, Redis, health, live events and metrics. */
@Module({
  imports: [EventsModule, WorkersModule, TasksModule],
  controllers: [
    EventsController,
    HealthController,
    MonitoringController,
    StatsController,
    ErrorGroupsController,
    HistoryController,
    MetricsController,
    WorkersController,
  ],
  providers: [
    MonitoringService,
    RedisDetailsReader,
    StatsService,
    ErrorGroupsService,
    MetricsService,
    VersionWatch,
    HistoryReporter,
  ],
  exports: [HistoryReporter, MonitoringService, RedisDetailsReader, StatsService, ErrorGroupsService],
})
export class MonitoringModule {}
