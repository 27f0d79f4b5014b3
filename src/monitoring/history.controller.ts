import { Controller, Get } from '@nestjs/common';
import { Needs } from '../access/needs.js';
import { HistoryReporter, type HistoryReport } from './history-report.js';

/** The state of the history over REST. */
@Controller('api/v1')
@Needs('tasks.read')
export class HistoryController {
  constructor(private readonly reporter: HistoryReporter) {}

  @Get('history')
  report(): Promise<HistoryReport> {
    return this.reporter.report();
  }
}
