import { Controller, Get } from '@nestjs/common';
import { RequirePermission } from '../auth/require-permission.js';
import { MonitoringService, type MonitorOverview } from './monitoring.service.js';

/** REST endpoint of the dashboard. */
@Controller('api/v1')
@RequirePermission('tasks.read')
export class MonitoringController {
  constructor(private readonly monitoring: MonitoringService) {}

  @Get('monitor')
  overview(): Promise<MonitorOverview> {
    return this.monitoring.overview();
  }
}
