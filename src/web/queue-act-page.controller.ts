import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import type { FieldProblem } from '../contract/errors.js';
import { RoostError } from '../contract/errors.js';
import { SETTLED_STATES } from '../contract/states.js';
import { type Outcome, QueuesService } from '../queues/queues.service.js';
import { actOn, BY_PAGE, type Done } from './acting.js';
import { FrameService } from './frame.service.js';
import { readAmount, readOrder, refuseAny } from './page-models/order-form.js';
import { isQueueAct, type QueueAct, toQueueConfirm } from './page-models/queue-confirm.js';
import { toQueueHref } from './page-models/queues-page.js';
import { type Refusal, toTrouble } from './page-models/trouble.js';
import { lastOf, type Params, typed } from './params.js';

/** Asks before something is done to all tasks of a queue, and does it. */
@ApiExcludeController()
@Controller('monitor/queues/:name/:act')
@Needs('queues.control')
export class QueueActPageController {
  constructor(
    private readonly queues: QueuesService,
    private readonly frames: FrameService,
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
    return actOn(
      response,
      () => this.act(name, act, form),
      (error) => this.draw(name, act, form, response, { control: act, trouble: toTrouble(error), typed: {} }),
    );
  }

  private async act(name: string, act: QueueAct, form: Params): Promise<Done> {
    const problems: FieldProblem[] = [];
    const { reason } = readOrder({ reason: form.reason }, problems, Date.now());
    const order = { by: actor(BY_PAGE), ...(reason ? { reason } : {}) };
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
  ): Promise<Outcome> {
    if (act === 'promote') {
      refuseAny(problems);
      return this.queues.promote(name, order);
    }
    if (act === 'drain') {
      if (typed(form, 'name') !== name)
        problems.push({ path: 'name', message: `must be the queue's name, ${name}` });
      refuseAny(problems);
      return this.queues.drain(name, { ...order, delayed: lastOf(form, 'delayed') === 'yes' });
    }
    const state = lastOf(form, 'state') ?? '';
    if (!(SETTLED_STATES as readonly string[]).includes(state))
      problems.push({ path: 'state', message: 'must be a settled state' });
    const olderThanMs = readAmount(typed(form, 'age') ?? '', lastOf(form, 'unit') ?? 'd');
    if (olderThanMs === undefined)
      problems.push({ path: 'age', message: 'must be a number such as 7 or 0.5; 0 means any age' });
    refuseAny(problems);
    return this.queues.clean(name, { ...order, state, olderThanMs: olderThanMs! });
  }

  private async draw(
    name: string,
    act: QueueAct,
    given: Params,
    response: Response,
    refusal?: Refusal,
  ): Promise<void> {
    const [frame, queue] = await Promise.all([
      this.frames.frame({ title: `${act} ${name.slice(0, 64)}`, section: 'queues' }),
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
