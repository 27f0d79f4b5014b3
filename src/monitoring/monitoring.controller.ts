import { Controller, Get } from '@nestjs/common';
import { RequirePermission } from '../auth/require-permission.js';
import { MonitoringService } from './monitoring.service.js';
import type { MonitorOverview } from './monitoring.openapi.js';

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
