import { Controller, Get, Query, Render, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../access/needs.js';
import { MonitoringService } from '../monitoring/monitoring.service.js';
import { RANGE_NAMES, RANGES } from '../monitoring/numbers/number-ranges.js';
import { GROUPINGS, NumbersService } from '../monitoring/numbers/numbers.service.js';
import { RedisDetailsReader } from '../monitoring/redis-details.js';
import { FrameService, LIVE_FLEET, LIVE_SECONDS } from './frame.service.js';
import { type NumbersPageQuery, toNumbersPage } from './page-models/numbers-page.js';
import { toSortKey } from './page-models/numbers-table.js';
import { toRedisPage } from './page-models/redis-page.js';
import { lastOf, type Params } from './params.js';

@ApiExcludeController()
@Controller('monitor')
@Needs('tasks.read')
export class MonitorPageController {
  constructor(
    private readonly monitoring: MonitoringService,
    private readonly numbers: NumbersService,
    private readonly redisDetails: RedisDetailsReader,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async overview(@Query() query: Params, @Res() response: Response): Promise<void> {
    const asked = readPageQuery(query);
    const live = { ...LIVE_FLEET, everyMs: Math.max(LIVE_FLEET.everyMs, RANGES[asked.range].freshMs) };
    const [frame, numbers, now] = await Promise.all([
      this.frames.frame({ title: 'Monitor', section: 'monitor', live, query }),
      this.numbers.range(asked.range),
      this.monitoring.present().catch(() => undefined),
    ]);
    // Pages that are open keep what they show, greyed; one that is opened now has the history at least.
    if (!now) response.status(503);
    response.render('monitor/overview', {
      ...frame,
      page: toNumbersPage(numbers, now, this.numbers.behind(), asked),
    });
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

/** What is not understood counts as not said: an old bookmark still shows something. */
function readPageQuery(query: Params): NumbersPageQuery {
  const [range, by] = ['range', 'by'].map((name) => lastOf(query, name));
  return {
    range: RANGE_NAMES.find((name) => name === range) ?? '1h',
    by: GROUPINGS.find((name) => name === by) ?? 'type',
    sort: toSortKey(lastOf(query, 'sort')),
  };
}
