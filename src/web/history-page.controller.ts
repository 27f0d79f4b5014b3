import { Controller, Get, Query, Render } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Needs } from '../access/needs.js';
import { HistoryReporter } from '../monitoring/history-report.js';
import { FrameService, LIVE_SECONDS } from './frame.service.js';
import { toHistoryPage } from './page-models/history-page.js';
import type { Params } from './params.js';

@ApiExcludeController()
@Controller('monitor')
@Needs('tasks.read')
export class HistoryPageController {
  constructor(
    private readonly reporter: HistoryReporter,
    private readonly frames: FrameService,
  ) {}

  @Get('history')
  @Render('monitor/history')
  async history(@Query() query: Params) {
    const [frame, report] = await Promise.all([
      this.frames.frame({ title: 'History', section: 'monitor', live: LIVE_SECONDS, query }),
      this.reporter.report(),
    ]);
    return { ...frame, page: toHistoryPage(report) };
  }
}
