import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import { Catalog } from '../catalog/catalog.js';
import type { FieldProblem } from '../contract/errors.js';
import { LimitsService } from '../limits/limits.service.js';
import { actOn, BY_PAGE, type Done } from './acting.js';
import { FrameService, LIVE_SECONDS } from './frame.service.js';
import { readLimits } from './page-models/limit-form.js';
import { toLimitsPage } from './page-models/limits-page.js';
import { readOrder, refuseAny } from './page-models/order-form.js';
import { type Refusal, toTrouble } from './page-models/trouble.js';
import { lastOf, type Params, typed } from './params.js';

const PAGE = '/monitor/limits';
const TYPED = [
  'softTimeout',
  'hardTimeout',
  'rateMax',
  'rateUnit',
  'concurrency',
  'reason',
  'for',
  'forUnit',
  'until',
  'untilZone',
];

/** Limits of task types, for the whole fleet. */
@ApiExcludeController()
@Controller('monitor/limits')
@Needs('tasks.read')
export class LimitsPageController {
  constructor(
    private readonly limits: LimitsService,
    private readonly catalog: Catalog,
    private readonly frames: FrameService,
  ) {}

  @Get()
  show(@Query() query: Params, @Res() response: Response): Promise<void> {
    return this.draw(query, response);
  }

  @Post()
  @Needs('limits.set')
  act(@Body() form: Params, @Res() response: Response): Promise<void> {
    const type = lastOf(form, 'type') ?? '';
    return actOn(
      response,
      () => this.change(type, form),
      (error) =>
        this.draw({}, response, {
          control: type,
          trouble: toTrouble(error),
          typed: Object.fromEntries(TYPED.map((field) => [field, typed(form, field)])),
        }),
    );
  }

  private async change(type: string, form: Params): Promise<Done> {
    if (lastOf(form, 'reset') === 'yes') {
      await this.limits.reset(type);
      return { to: PAGE, flash: 'type-reset' };
    }
    const problems: FieldProblem[] = [];
    const values = readLimits(form, problems);
    const order = readOrder(form, problems, Date.now());
    if (problems.length === 0 && Object.keys(values).length === 0) {
      problems.push({
        path: 'concurrency',
        message: "or another limit is needed; to go back to the type's own, reset them",
      });
    }
    refuseAny(problems);
    await this.limits.set(type, values, { by: actor(BY_PAGE), ...order });
    return { to: PAGE, flash: 'type-limited' };
  }

  private async draw(query: Params, response: Response, refusal?: Refusal): Promise<void> {
    const [frame, limits] = await Promise.all([
      this.frames.frame({ title: 'Limits', section: 'monitor', live: LIVE_SECONDS, query }),
      this.limits.list(),
    ]);
    const isolated = this.catalog.all().filter(({ isolate }) => isolate);
    response.render('monitor/limits', {
      ...frame,
      page: toLimitsPage(
        limits,
        refusal,
        isolated.map(({ name }) => name),
      ),
    });
  }
}
