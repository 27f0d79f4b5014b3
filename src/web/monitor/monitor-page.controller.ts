import { Controller, Get, Query, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { MonitoringService } from '../../monitoring/monitoring.service.js';
import { GROUPINGS, RANGES, rangeSince } from '../../monitoring/stats/stats-ranges.js';
import { StatsService } from '../../monitoring/stats/stats.service.js';
import { RedisDetailsReader } from '../../monitoring/redis-details.js';
import { PageShellService, LIVE_FLEET, LIVE_SECONDS } from '../kit/page-shell.service.js';
import { PAGE_RANGES, type StatsPageQuery, toStatsPage } from './stats-page.js';
import { SubmitPageService } from '../submit/submit-page.service.js';
import { HealthReader } from './health-reader.js';
import { toSortKey } from './numbers-table.js';
import { toRedisPage } from './redis-page.js';
import { lastOf, type Params } from '../kit/params.js';

const MINUTE_MS = 60_000;
/** Queues, workers and Redis are always current, even if the history's answer comes from a cache. */
const MAX_REFRESH_MS = 5_000;

@Controller()
@RequirePermission('tasks.read')
export class MonitorPageController {
  constructor(
    private readonly monitoring: MonitoringService,
    private readonly numbers: StatsService,
    private readonly redisDetails: RedisDetailsReader,
    private readonly shells: PageShellService,
    private readonly submits: SubmitPageService,
    private readonly health: HealthReader,
  ) {}

  /** Shows the forms while nothing has run. Leads to them from addresses that named one up to version 0.2. */
  @Get()
  async home(@Query() query: Params, @Res() response: Response): Promise<void> {
    const { originalUrl } = response.req;
    if (query.type !== undefined || (query.from !== undefined && query.to === undefined))
      return response.redirect(302, `/submit${originalUrl.slice(originalUrl.indexOf('?'))}`);
    if (!(await this.isEmpty())) return this.overview(query, response);
    const page = await this.submits.fresh(query);
    response.status(page.listKnown ? 200 : 503).render('submit/show', page);
  }

  @Get('monitor')
  async overview(@Query() query: Params, @Res() response: Response): Promise<void> {
    const asked = parsePageQuery(query);
    const range = asked.range === 'auto' ? rangeSince(await this.numbers.firstAt(), Date.now()) : asked.range;
    const everyMs = Math.min(MAX_REFRESH_MS, Math.max(LIVE_FLEET.everyMs, RANGES[range].freshMs));
    const live = { ...LIVE_FLEET, everyMs };
    const [frame, numbers, facts] = await Promise.all([
      this.shells.frame({ title: 'Overview', section: 'overview', live, query }),
      asked.window ? this.numbers.between(asked.window) : this.numbers.range(range),
      this.health.read(),
    ]);
    // Open pages keep their data, greyed out. A page opened now has at least the history.
    if (!facts.present) response.status(503);
    response.render('monitor/overview', { ...frame, page: toStatsPage(numbers, facts, asked) });
  }

  @Get('monitor/redis')
  @Render('monitor/redis')
  async redis(@Query() query: Params) {
    const [frame, details, warnings] = await Promise.all([
      this.shells.frame({ title: 'Redis', section: 'system', live: LIVE_SECONDS, query }),
      this.redisDetails.read(),
      this.warnings(),
    ]);
    return { ...frame, page: toRedisPage(details, warnings) };
  }

  /** Returns true if neither the history nor Redis has a task. */
  private async isEmpty(): Promise<boolean> {
    if ((await this.numbers.firstAt()) !== null) return false;
    const queues = await this.monitoring.queues().catch(() => []);
    return queues.every(({ counts }) => Object.values(counts).every((count) => count === 0));
  }

  /** Returns no warnings if INFO is unavailable; the page works without them. */
  private warnings() {
    return this.monitoring.warnings().catch(() => []);
  }
}

/** Parses the address. Ignores values that it does not know, so that an old bookmark still works. */
function parsePageQuery(query: Params): StatsPageQuery {
  const [range, by] = ['range', 'by'].map((name) => lastOf(query, name));
  return {
    range: PAGE_RANGES.find((name) => name === range) ?? '1h',
    by: GROUPINGS.find((name) => name === by) ?? 'type',
    sort: toSortKey(lastOf(query, 'sort')),
    ...parseWindow(query),
  };
}

/** Parses the time of a zoom, in whole minutes up to now. */
function parseWindow(query: Params): Pick<StatsPageQuery, 'window'> {
  const [start = NaN, end = NaN] = ['from', 'to'].map((name) => Date.parse(lastOf(query, name) ?? ''));
  const from = Math.floor(start / MINUTE_MS) * MINUTE_MS;
  const to = Math.min(Date.now(), Math.ceil(end / MINUTE_MS) * MINUTE_MS);
  return from > 0 && to - from >= MINUTE_MS ? { window: { from, to } } : {};
}
