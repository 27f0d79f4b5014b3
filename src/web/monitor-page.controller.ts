import { Controller, Get, Query, Render } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { MonitoringService } from '../monitoring/monitoring.service.js';
import { FrameService, LIVE_FLEET } from './frame.service.js';
import type { Section } from './page-models/frame.js';
import { toMonitorPage } from './page-models/monitor-page.js';
import type { Params } from './params.js';

@ApiExcludeController()
@Controller('monitor')
export class MonitorPageController {
  constructor(
    private readonly monitoring: MonitoringService,
    private readonly frames: FrameService,
  ) {}

  @Get()
  @Render('monitor/overview')
  overview(@Query() query: Params) {
    return this.page('Monitor', 'monitor', query);
  }

  @Get('queues')
  @Render('monitor/queues')
  queues(@Query() query: Params) {
    return this.page('Queues', 'queues', query);
  }

  @Get('workers')
  @Render('monitor/workers')
  workers(@Query() query: Params) {
    return this.page('Workers', 'workers', query);
  }

  private async page(title: string, section: Section, query: Params) {
    const [frame, overview] = await Promise.all([
      this.frames.frame({ title, section, live: LIVE_FLEET, query }),
      this.monitoring.overview(),
    ]);
    return { ...frame, ...toMonitorPage(overview) };
  }
}
