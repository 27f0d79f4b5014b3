import { Controller, Get, Query } from '@nestjs/common';
import { RequirePermission } from '../../auth/require-permission.js';
import type { NumberSpan } from '../../history/ports/stats-store.js';
import { STEP_LENGTHS } from './stats-ranges.js';
import { readNumbersQuery } from './stats-query.js';
import { addUp, NO_NUMBERS, toNumbers, type Numbers } from './stats-view.js';
import { StatsService, type Grouping } from './stats.service.js';

export interface NumbersAnswer {
  from: string;
  to: string;
  /** Length of a step, ms; 0 for the whole range in one step. */
  stepMs: number;
  by?: Grouping;
  items: ({ at: string; name?: string } & Numbers)[];
  total: Numbers;
  /** Delay of the history, ms; set while it is behind. */
  lagMs?: number;
}

/** REST endpoint of throughput, failures, wait and run times. */
@Controller('api/v1/numbers')
@RequirePermission('tasks.read')
export class StatsController {
  constructor(private readonly numbers: StatsService) {}

  @Get()
  async list(@Query() query: Record<string, unknown>): Promise<NumbersAnswer> {
    const { search } = readNumbersQuery(query, Date.now());
    const spans = (await this.numbers.read(search)).sort(byTimeAndName);
    const lagMs = this.numbers.behind()?.lagMs;
    return {
      from: new Date(search.from).toISOString(),
      to: new Date(search.to).toISOString(),
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
