import { Controller, Get } from '@nestjs/common';
import { RequirePermission } from '../auth/require-permission.js';
import { HistoryReporter } from './history-report.js';
import type { HistoryReport } from './monitoring.openapi.js';

/** REST endpoint of the state of the history. */
@Controller('api/v1')
@RequirePermission('tasks.read')
export class HistoryController {
  constructor(private readonly reporter: HistoryReporter) {}

  @Get('history')
  report(): Promise<HistoryReport> {
    return this.reporter.report();
  }
}
