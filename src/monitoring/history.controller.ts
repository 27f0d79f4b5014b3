import { Controller, Get } from '@nestjs/common';
import { HistoryReporter, type HistoryReport } from './history-report.js';

/** The state of the history over REST. */
@Controller('api/v1')
export class HistoryController {
  constructor(private readonly reporter: HistoryReporter) {}

  @Get('history')
  report(): Promise<HistoryReport> {
    return this.reporter.report();
  }
}
