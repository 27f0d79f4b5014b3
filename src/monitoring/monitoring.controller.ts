import { Controller, Get } from '@nestjs/common';
import { Needs } from '../access/needs.js';
import { MonitoringService, type MonitorOverview } from './monitoring.service.js';

/** All of the dashboard over REST. */
@Controller('api/v1')
@Needs('tasks.read')
export class MonitoringController {
  constructor(private readonly monitoring: MonitoringService) {}

  @Get('monitor')
  overview(): Promise<MonitorOverview> {
    return this.monitoring.overview();
  }
}
