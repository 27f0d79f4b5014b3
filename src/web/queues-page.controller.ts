import { Body, Controller, Get, Param, Post, Query, Render, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import type { FieldProblem } from '../contract/errors.js';
import { RoostError } from '../contract/errors.js';
import { QueuesService } from '../queues/queues.service.js';
import { actOn, BY_PAGE, type Done } from './acting.js';
import { FrameService, LIVE_SECONDS } from './frame.service.js';
import { UNIT_MS } from './page-models/limits-page.js';
import { readOrder, readWhole, refuseAny } from './page-models/order-form.js';
import { toQueuePage } from './page-models/queue-page.js';
import { toQueueHref, toQueuesPage } from './page-models/queues-page.js';
import { type Refusal, toTrouble } from './page-models/trouble.js';
import { lastOf, type Params, typed } from './params.js';

const MOST = 100_000;

@ApiExcludeController()
@Controller('monitor/queues')
@Needs('tasks.read')
export class QueuesPageController {
  constructor(
    private readonly queues: QueuesService,
    private readonly frames: FrameService,
  ) {}

  @Get()
  @Render('queues/list')
  async list(@Query() query: Params) {
    const [frame, queues] = await Promise.all([
      this.frames.frame({ title: 'Queues', section: 'queues', live: LIVE_SECONDS, query }),
      this.queues.list(),
    ]);
    return { ...frame, page: toQueuesPage(queues) };
  }

  @Get(':name')
  show(@Param('name') name: string, @Query() query: Params, @Res() response: Response): Promise<void> {
    return this.draw(name, query, response);
  }

  /** The form says by `command` what it is about; what is refused is said beside it. */
  @Post(':name')
  @Needs('queues.control')
  act(@Param('name') name: string, @Body() form: Params, @Res() response: Response): Promise<void> {
    return actOn(
      response,
      () => this.command(name, form),
      (error) =>
        this.draw(name, {}, response, {
          control: controlOf(form),
          trouble: toTrouble(error),
          typed: Object.fromEntries(TYPED.map((field) => [field, typed(form, field)])),
        }),
    );
  }

  private async command(name: string, form: Params): Promise<Done> {
    const problems: FieldProblem[] = [];
    const to = toQueueHref(name);
    const order = { by: actor(BY_PAGE), ...readOrder(form, problems, Date.now()) };
    switch (lastOf(form, 'command')) {
      case 'pause':
        refuseAny(problems);
        await this.queues.pause(name, order);
        return { to, flash: 'queue-paused' };
      case 'resume':
        refuseAny(problems);
        await this.queues.resume(name, order);
        return { to, flash: 'queue-resumed' };
      case 'concurrency': {
        const value = readWhole(typed(form, 'concurrency'), 'concurrency', MOST, problems);
        refuseAny(problems);
        await this.queues.setConcurrency(name, value!, order);
        return { to, flash: 'queue-limited' };
      }
      case 'rate-limit': {
        const max = readWhole(typed(form, 'max'), 'max', MOST, problems);
        refuseAny(problems);
        const perMs = UNIT_MS[lastOf(form, 'unit') ?? 'm'] ?? UNIT_MS.m!;
        await this.queues.setRateLimit(name, { max: max!, perMs }, order);
        return { to, flash: 'queue-limited' };
      }
      case 'lift-concurrency':
        await this.queues.setConcurrency(name, null, { by: actor(BY_PAGE) });
        return { to, flash: 'limit-lifted' };
      case 'lift-rate-limit':
        await this.queues.setRateLimit(name, null, { by: actor(BY_PAGE) });
        return { to, flash: 'limit-lifted' };
      default:
        throw new RoostError('REQUEST_INVALID', 'There is no such command for a queue.');
    }
  }

  private async draw(name: string, query: Params, response: Response, refusal?: Refusal): Promise<void> {
    const [frame, queue] = await Promise.all([
      this.frames.frame({ title: name.slice(0, 64), section: 'queues', live: LIVE_SECONDS, query }),
      this.queues.get(name),
    ]);
    response.render('queues/show', { ...frame, page: toQueuePage(queue, refusal) });
  }
}

const TYPED = ['reason', 'for', 'forUnit', 'until', 'untilZone', 'concurrency', 'max', 'unit'];

/** The part of the page that a form stands in. */
function controlOf(form: Params): string {
  const command = lastOf(form, 'command')?.replace(/^lift-/, '') ?? '';
  return ['pause', 'concurrency', 'rate-limit'].includes(command) ? command : 'head';
}
