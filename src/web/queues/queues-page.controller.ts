import { Body, Controller, Get, Param, Post, Query, Render, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { actor } from '../../auth/principal.js';
import type { FieldProblem } from '../../model/errors.js';
import { RoostError } from '../../model/errors.js';
import { QueuesService } from '../../queues/queues.service.js';
import { runFormAction, BY_PAGE, type Done } from '../kit/form-action.js';
import { PageShellService, LIVE_SECONDS } from '../kit/page-shell.service.js';
import { UNIT_MS } from '../kit/duration-units.js';
import { parseOrder, parseWholeNumber, throwIfAny } from '../kit/order-form.js';
import { toQueuePage } from './queue-page.js';
import { toObservedPage } from './observed-page.js';
import { toQueueHref, toQueuesPage } from './queues-page.js';
import { type RefusedForm, toFormError } from '../kit/form-error.js';
import { lastOf, type Params, typed } from '../kit/params.js';

const MAX_LIMIT_VALUE = 100_000;

@Controller('monitor/queues')
@RequirePermission('tasks.read')
export class QueuesPageController {
  constructor(
    private readonly queues: QueuesService,
    private readonly shells: PageShellService,
  ) {}

  @Get()
  @Render('queues/list')
  async list(@Query() query: Params) {
    const [frame, queues] = await Promise.all([
      this.shells.frame({ title: 'Queues', section: 'queues', live: LIVE_SECONDS, query }),
      this.queues.list(),
    ]);
    return { ...frame, page: toQueuesPage(queues) };
  }

  @Get(':name')
  async show(@Param('name') name: string, @Query() query: Params, @Res() response: Response): Promise<void> {
    const observed = await this.queues.findObserved(name);
    if (!observed) return this.draw(name, query, response);
    const frame = await this.shells.frame({
      ...{ title: name.slice(0, 64), section: 'queues' as const, live: LIVE_SECONDS, query },
    });
    response.render('queues/observed', { ...frame, page: toObservedPage(observed) });
  }

  /** Runs the command named by the form's `command` field; a refusal is shown beside its control. */
  @Post(':name')
  @RequirePermission('queues.control')
  act(@Param('name') name: string, @Body() form: Params, @Res() response: Response): Promise<void> {
    return runFormAction(
      response,
      () => this.command(name, form, actor(response.req, BY_PAGE)),
      (error) =>
        this.draw(name, {}, response, {
          control: controlOf(form),
          trouble: toFormError(error),
          typed: Object.fromEntries(TYPED.map((field) => [field, typed(form, field)])),
        }),
    );
  }

  private async command(name: string, form: Params, by: string): Promise<Done> {
    const problems: FieldProblem[] = [];
    const to = toQueueHref(name);
    const order = { by, ...parseOrder(form, problems, Date.now()) };
    switch (lastOf(form, 'command')) {
      case 'pause':
        throwIfAny(problems);
        await this.queues.pause(name, order);
        return { to, flash: 'queue-paused' };
      case 'resume':
        throwIfAny(problems);
        await this.queues.resume(name, order);
        return { to, flash: 'queue-resumed' };
      case 'concurrency': {
        const value = parseWholeNumber(typed(form, 'concurrency'), 'concurrency', MAX_LIMIT_VALUE, problems);
        throwIfAny(problems);
        await this.queues.setConcurrency(name, value!, order);
        return { to, flash: 'queue-limited' };
      }
      case 'rate-limit': {
        const max = parseWholeNumber(typed(form, 'max'), 'max', MAX_LIMIT_VALUE, problems);
        throwIfAny(problems);
        const perMs = UNIT_MS[lastOf(form, 'unit') ?? 'm'] ?? UNIT_MS.m!;
        await this.queues.setRateLimit(name, { max: max!, perMs }, order);
        return { to, flash: 'queue-limited' };
      }
      case 'lift-concurrency':
        await this.queues.setConcurrency(name, null, { by });
        return { to, flash: 'limit-lifted' };
      case 'lift-rate-limit':
        await this.queues.setRateLimit(name, null, { by });
        return { to, flash: 'limit-lifted' };
      default:
        throw new RoostError('REQUEST_INVALID', 'There is no such command for a queue.');
    }
  }

  private async draw(name: string, query: Params, response: Response, refusal?: RefusedForm): Promise<void> {
    const [frame, queue] = await Promise.all([
      this.shells.frame({ title: name.slice(0, 64), section: 'queues', live: LIVE_SECONDS, query }),
      this.queues.get(name),
    ]);
    response.render('queues/show', { ...frame, page: toQueuePage(queue, refusal) });
  }
}

const TYPED = ['reason', 'for', 'forUnit', 'until', 'untilZone', 'concurrency', 'max', 'unit'];

/** Returns the part of the page that contains the form. */
function controlOf(form: Params): string {
  const command = lastOf(form, 'command')?.replace(/^lift-/, '') ?? '';
  return ['pause', 'concurrency', 'rate-limit'].includes(command) ? command : 'head';
}
