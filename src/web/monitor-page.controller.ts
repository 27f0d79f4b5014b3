import { Controller, Get, Query, Render } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { MonitoringService } from '../monitoring/monitoring.service.js';
import { RedisDetailsReader } from '../monitoring/redis-details.js';
import { FrameService, LIVE_FLEET, LIVE_SECONDS } from './frame.service.js';
import { toMonitorPage } from './page-models/monitor-page.js';
import { toRedisPage } from './page-models/redis-page.js';
import type { Params } from './params.js';

@ApiExcludeController()
@Controller('monitor')
export class MonitorPageController {
  constructor(
    private readonly monitoring: MonitoringService,
    private readonly redisDetails: RedisDetailsReader,
    private readonly frames: FrameService,
  ) {}

  @Get()
  @Render('monitor/overview')
  async overview(@Query() query: Params) {
    const [frame, overview] = await Promise.all([
      this.frames.frame({ title: 'Monitor', section: 'monitor', live: LIVE_FLEET, query }),
      this.monitoring.overview(),
    ]);
    return { ...frame, ...toMonitorPage(overview) };
  }

  @Get('redis')
  @Render('monitor/redis')
  async redis(@Query() query: Params) {
    const [frame, details, warnings] = await Promise.all([
      this.frames.frame({ title: 'Redis', section: 'monitor', live: LIVE_SECONDS, query }),
      this.redisDetails.read(),
      this.warnings(),
    ]);
    return { ...frame, page: toRedisPage(details, warnings) };
  }

  /** They rest on INFO, which this page can do without. */
  private warnings() {
    return this.monitoring.warnings().catch(() => []);
  }
}
