import { Controller, Get, Query } from '@nestjs/common';
import { Needs } from '../../access/needs.js';
import type { NumberSpan } from '../../history/store/history-store.js';
import { STEP_LENGTHS } from './number-ranges.js';
import { readNumbersQuery } from './numbers-query.js';
import { addUp, NO_NUMBERS, toNumbers, type Numbers } from './number-view.js';
import { NumbersService, type Grouping } from './numbers.service.js';

export interface NumbersAnswer {
  from: string;
  to: string;
  /** Length of a step, ms; 0 for all of the time in one. */
  stepMs: number;
  by?: Grouping;
  items: ({ at: string; name?: string } & Numbers)[];
  total: Numbers;
  /** Set while the history is behind what happens, by so many ms. */
  lagMs?: number;
}

/** Throughput, failures, waits and runs over REST. */
@Controller('api/v1/numbers')
@Needs('tasks.read')
export class NumbersController {
  constructor(private readonly numbers: NumbersService) {}

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
