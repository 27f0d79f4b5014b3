import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { actor } from '../../auth/principal.js';
import { TaskRegistry } from '../../registry/task-registry.js';
import type { FieldProblem } from '../../model/errors.js';
import { LimitsService } from '../../limits/limits.service.js';
import { runFormAction, BY_PAGE, type Done } from '../kit/form-action.js';
import { PageShellService, LIVE_SECONDS } from '../kit/page-shell.service.js';
import { parseLimits } from './limit-form.js';
import { toLimitsPage } from './limits-page.js';
import { parseOrder, throwIfAny } from '../kit/order-form.js';
import { type RefusedForm, toFormError } from '../kit/form-error.js';
import { lastOf, type Params, typed } from '../kit/params.js';

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

/** Limits of task types, for all workers. */
@Controller('monitor/limits')
@RequirePermission('tasks.read')
export class LimitsPageController {
  constructor(
    private readonly limits: LimitsService,
    private readonly registry: TaskRegistry,
    private readonly shells: PageShellService,
  ) {}

  @Get()
  show(@Query() query: Params, @Res() response: Response): Promise<void> {
    return this.draw(query, response);
  }

  @Post()
  @RequirePermission('limits.set')
  act(@Body() form: Params, @Res() response: Response): Promise<void> {
    const type = lastOf(form, 'type') ?? '';
    return runFormAction(
      response,
      () => this.change(type, form, actor(response.req, BY_PAGE)),
      (error) =>
        this.draw({}, response, {
          control: type,
          trouble: toFormError(error),
          typed: Object.fromEntries(TYPED.map((field) => [field, typed(form, field)])),
        }),
    );
  }

  private async change(type: string, form: Params, by: string): Promise<Done> {
    if (lastOf(form, 'reset') === 'yes') {
      await this.limits.reset(type);
      return { to: PAGE, flash: 'type-reset' };
    }
    const problems: FieldProblem[] = [];
    const values = parseLimits(form, problems);
    const order = parseOrder(form, problems, Date.now());
    if (problems.length === 0 && Object.keys(values).length === 0) {
      problems.push({
        path: 'concurrency',
        message: "or another limit is needed; to go back to the type's own, reset them",
      });
    }
    throwIfAny(problems);
    await this.limits.set(type, values, { by, ...order });
    return { to: PAGE, flash: 'type-limited' };
  }

  private async draw(query: Params, response: Response, refusal?: RefusedForm): Promise<void> {
    const [frame, limits] = await Promise.all([
      this.shells.frame({ title: 'Limits', section: 'system', live: LIVE_SECONDS, query }),
      this.limits.list(),
    ]);
    const isolated = this.registry.all().filter(({ isolate }) => isolate);
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
