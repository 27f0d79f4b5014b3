import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { actor } from '../../auth/principal.js';
import type { FieldProblem } from '../../model/errors.js';
import { WorkersService } from '../../workers/workers.service.js';
import { parseCommandArgs, parseCommandName, type PublicCommand } from '../../workers/parse-command.js';
import { LimitsService } from '../../limits/limits.service.js';
import { runFormAction, BY_PAGE, type Done } from '../kit/form-action.js';
import { PageShellService, LIVE_SECONDS } from '../kit/page-shell.service.js';
import { OfferedQueues } from '../queues/offered-queues.js';
import type { FlashCode } from '../kit/flash.js';
import { parseOrder, throwIfAny } from '../kit/order-form.js';
import { type RefusedForm, toFormError } from '../kit/form-error.js';
import { toWorkerPage } from './worker-page.js';
import { toWorkerHref, toWorkersHref } from './workers-page.js';
import { lastOf, type Params, typed } from '../kit/params.js';

@Controller('monitor/workers/:id')
@RequirePermission('tasks.read')
export class WorkerPageController {
  constructor(
    private readonly fleet: WorkersService,
    private readonly limits: LimitsService,
    private readonly queues: OfferedQueues,
    private readonly shells: PageShellService,
  ) {}

  @Get()
  show(@Param('id') id: string, @Query() query: Params, @Res() response: Response): Promise<void> {
    return this.draw(id, query, response);
  }

  /** Runs the command named by the form's `command` field; a refusal is shown beside its control. */
  @Post()
  @RequirePermission('workers.control')
  act(@Param('id') id: string, @Body() form: Params, @Res() response: Response): Promise<void> {
    return runFormAction(
      response,
      () =>
        lastOf(form, 'command') === 'dismiss'
          ? this.dismiss(id)
          : this.command(id, form, actor(response.req, BY_PAGE)),
      (error) =>
        this.draw(id, {}, response, {
          control: controlOf(form),
          trouble: toFormError(error),
          typed: {
            concurrency: typed(form, 'concurrency'),
            min: typed(form, 'min'),
            max: typed(form, 'max'),
            reason: typed(form, 'reason'),
          },
        }),
    );
  }

  private async dismiss(id: string): Promise<Done> {
    await this.fleet.dismiss(id);
    return { to: toWorkersHref({}), flash: 'worker-dismissed' };
  }

  private async command(id: string, form: Params, by: string): Promise<Done> {
    const name = parseCommandName(lastOf(form, 'command') ?? '');
    const args = parseCommandArgs(name, parseArgs(name, form), this.queues.names);
    await this.fleet.command(id, name, args, by);
    const count = 'concurrency' in args ? Number(args.concurrency) : undefined;
    return {
      to: toWorkerHref(id),
      flash: 'off' in args ? 'autoscale-off' : FLASH_OF[name],
      count: name === 'concurrency' ? count : undefined,
    };
  }

  private async draw(id: string, query: Params, response: Response, refusal?: RefusedForm): Promise<void> {
    const [worker, samples, limits] = await Promise.all([
      this.fleet.get(id),
      this.fleet.samples(id),
      this.limits.list(),
    ]);
    const frame = await this.shells.frame({
      title: `${worker.name} · ${worker.status}`,
      section: 'workers',
      live: LIVE_SECONDS,
      query,
    });
    const page = toWorkerPage({ worker, samples, limits, queues: this.queues.names }, refusal);
    response.render('workers/show', { ...frame, page });
  }
}

const FLASH_OF: Record<PublicCommand, FlashCode> = {
  ping: 'pinged',
  concurrency: 'resized',
  autoscale: 'autoscaled',
  pause: 'worker-paused',
  resume: 'worker-resumed',
  'add-consumer': 'consumer-added',
  'cancel-consumer': 'consumer-cancelled',
  drain: 'worker-draining',
  stop: 'worker-stopping',
  'restart-children': 'children-restarted',
};

/**
 * Converts the form fields to arguments of a command. A text that is not a number stays text, so that the
 * error names it.
 */
function parseArgs(name: PublicCommand, form: Params): Record<string, unknown> {
  const queue = typed(form, 'queue');
  const whole = (field: string) => {
    const text = typed(form, field);
    return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : text;
  };
  switch (name) {
    case 'concurrency':
      return { queue, concurrency: whole('concurrency') };
    case 'add-consumer':
      return { queue, ...(typed(form, 'concurrency') ? { concurrency: whole('concurrency') } : {}) };
    case 'cancel-consumer':
      return { queue };
    case 'autoscale':
      return lastOf(form, 'off') === 'yes'
        ? { queue, off: true }
        : { queue, min: whole('min'), max: whole('max') };
    case 'stop':
      return { ...reasonOf(form), ...(lastOf(form, 'now') === 'yes' ? { now: true } : {}) };
    case 'pause':
    case 'drain':
      return reasonOf(form);
    default:
      return {};
  }
}

function reasonOf(form: Params): { reason?: string } {
  const problems: FieldProblem[] = [];
  const { reason } = parseOrder({ reason: form.reason }, problems, Date.now());
  throwIfAny(problems);
  return reason ? { reason } : {};
}

/** Returns the part of the page that contains the form. */
function controlOf(form: Params): string {
  const [command, queue] = [lastOf(form, 'command'), typed(form, 'queue')];
  if (command === 'add-consumer') return command;
  if (command === 'autoscale' && queue) return `autoscale-${queue}`;
  return (command === 'concurrency' || command === 'cancel-consumer') && queue ? `consumer-${queue}` : 'head';
}
