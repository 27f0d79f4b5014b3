import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { actor } from '../../auth/principal.js';
import type { FieldProblem } from '../../model/errors.js';
import { RoostError } from '../../model/errors.js';
import { FINISHED_STATES } from '../../model/states.js';
import { QueuesService } from '../../queues/queues.service.js';
import type { QueueOutcome } from '../../queues/queues.openapi.js';
import { runFormAction, BY_PAGE, type Done } from '../kit/form-action.js';
import { PageShellService } from '../kit/page-shell.service.js';
import { parseAmount, parseOrder, throwIfAny } from '../kit/order-form.js';
import { isQueueAct, type QueueAct, toQueueConfirm } from './queue-confirm.js';
import { toQueueHref } from './queues-page.js';
import { type RefusedForm, toFormError } from '../kit/form-error.js';
import { lastOf, type Params, typed } from '../kit/params.js';

/** Confirms and runs an action on all tasks of a queue. */
@Controller('monitor/queues/:name/:act')
@RequirePermission('queues.control')
export class QueueActPageController {
  constructor(
    private readonly queues: QueuesService,
    private readonly shells: PageShellService,
  ) {}

  @Get()
  ask(
    @Param('name') name: string,
    @Param('act') act: string,
    @Query() query: Params,
    @Res() response: Response,
  ): Promise<void> {
    return this.draw(name, known(act), query, response);
  }

  @Post()
  do(
    @Param('name') name: string,
    @Param('act') text: string,
    @Body() form: Params = {},
    @Res() response: Response,
  ): Promise<void> {
    const act = known(text);
    return runFormAction(
      response,
      () => this.act(name, act, form, actor(response.req, BY_PAGE)),
      (error) =>
        this.draw(name, act, form, response, { control: act, trouble: toFormError(error), typed: {} }),
    );
  }

  private async act(name: string, act: QueueAct, form: Params, by: string): Promise<Done> {
    const problems: FieldProblem[] = [];
    const { reason } = parseOrder({ reason: form.reason }, problems, Date.now());
    const order = { by, ...(reason ? { reason } : {}) };
    const outcome = await this.carryOut(name, act, form, order, problems);
    const flash = ({ drain: 'queue-drained', clean: 'queue-cleaned', promote: 'queue-promoted' } as const)[
      act
    ];
    return { to: toQueueHref(name), flash: outcome.more ? `${flash}-more` : flash, count: outcome.done };
  }

  private carryOut(
    name: string,
    act: QueueAct,
    form: Params,
    order: { by: string; reason?: string },
    problems: FieldProblem[],
  ): Promise<QueueOutcome> {
    if (act === 'promote') {
      throwIfAny(problems);
      return this.queues.promote(name, order);
    }
    if (act === 'drain') {
      if (typed(form, 'name') !== name)
        problems.push({ path: 'name', message: `must be the queue's name, ${name}` });
      throwIfAny(problems);
      return this.queues.drain(name, { ...order, delayed: lastOf(form, 'delayed') === 'yes' });
    }
    const state = lastOf(form, 'state') ?? '';
    if (!(FINISHED_STATES as readonly string[]).includes(state))
      problems.push({ path: 'state', message: 'must be a settled state' });
    const olderThanMs = parseAmount(typed(form, 'age') ?? '', lastOf(form, 'unit') ?? 'd');
    if (olderThanMs === undefined)
      problems.push({ path: 'age', message: 'must be a number such as 7 or 0.5; 0 means any age' });
    throwIfAny(problems);
    return this.queues.clean(name, { ...order, state, olderThanMs: olderThanMs! });
  }

  private async draw(
    name: string,
    act: QueueAct,
    given: Params,
    response: Response,
    refusal?: RefusedForm,
  ): Promise<void> {
    const [frame, queue] = await Promise.all([
      this.shells.frame({ title: `${act} ${name.slice(0, 64)}`, section: 'queues' }),
      this.queues.get(name),
    ]);
    const fields = ['reason', 'name', 'state', 'age', 'unit', 'delayed'];
    const values = Object.fromEntries(fields.map((field) => [field, typed(given, field)]));
    response.render('queues/confirm', { ...frame, page: toQueueConfirm(act, queue, values, refusal) });
  }
}

function known(act: string): QueueAct {
  if (isQueueAct(act)) return act;
  throw new RoostError('NOT_FOUND', 'There is nothing to do with a queue at this address.');
}
