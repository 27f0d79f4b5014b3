import { Controller, Get, Query } from '@nestjs/common';
import { RequirePermission } from '../../auth/require-permission.js';
import type { NumberSpan } from '../../history/ports/stats-store.js';
import { recordedPart, STEP_LENGTHS } from './stats-ranges.js';
import { readNumbersQuery } from './stats-query.js';
import { addUp, NO_NUMBERS, toNumbers } from './stats-view.js';
import type { NumbersAnswer } from './stats.openapi.js';
import { StatsService } from './stats.service.js';

/** REST endpoint of throughput, failures, wait and run times. `numbers` is its deprecated name. */
@Controller(['api/v1/stats', 'api/v1/numbers'])
@RequirePermission('tasks.read')
export class StatsController {
  constructor(private readonly stats: StatsService) {}

  @Get()
  async list(@Query() query: Record<string, unknown>): Promise<NumbersAnswer> {
    const { search } = readNumbersQuery(query, Date.now());
    const [found, firstAt] = await Promise.all([this.stats.read(search), this.stats.firstAt()]);
    const spans = found.sort(byTimeAndName);
    const recordedFrom = recordedPart(search, firstAt);
    const lagMs = this.stats.behind()?.lagMs;
    return {
      from: new Date(search.from).toISOString(),
      to: new Date(search.to).toISOString(),
      recordedFrom: recordedFrom === null ? null : new Date(recordedFrom).toISOString(),
      stepMs: search.fold ?? STEP_LENGTHS[search.step],
      ...(search.by ? { by: search.by } : {}),
      items: spans.map((span) => ({
        at: new Date(span.at).toISOString(),
        ...(span.name === undefined ? {} : { name: span.name }),
        ...toNumbers(span),
      })),
      total: spans.length === 0 ? NO_NUMBERS : addUp(spans),
      ...(lagMs ? { lagMs } : {}),
    };
  }
}

function byTimeAndName(a: NumberSpan, b: NumberSpan): number {
  return a.at - b.at || ((a.name ?? '') < (b.name ?? '') ? -1 : 1);
}
