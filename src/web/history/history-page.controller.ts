import { Controller, Get, Query, Render } from '@nestjs/common';
import { RequirePermission } from '../../auth/require-permission.js';
import { HistoryReporter } from '../../monitoring/history-report.js';
import { PageShellService, LIVE_SECONDS } from '../kit/page-shell.service.js';
import { toHistoryPage } from './history-page.js';
import type { Params } from '../kit/params.js';

@Controller('monitor')
@RequirePermission('tasks.read')
export class HistoryPageController {
  constructor(
    private readonly reporter: HistoryReporter,
    private readonly shells: PageShellService,
  ) {}

  @Get('history')
  @Render('monitor/history')
  async history(@Query() query: Params) {
    const [frame, report] = await Promise.all([
      this.shells.frame({ title: 'History', section: 'system', live: LIVE_SECONDS, query }),
      this.reporter.report(),
    ]);
    return { ...frame, page: toHistoryPage(report) };
  }
}
