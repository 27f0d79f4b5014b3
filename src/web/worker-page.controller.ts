import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import type { FieldProblem } from '../contract/errors.js';
import { FleetService } from '../fleet/fleet.service.js';
import { parseCommandArgs, parseCommandName, type PublicCommand } from '../fleet/parse-command.js';
import { LimitsService } from '../limits/limits.service.js';
import { actOn, BY_PAGE, type Done } from './acting.js';
import { FrameService, LIVE_SECONDS } from './frame.service.js';
import { OfferedQueues } from './offered-queues.js';
import type { FlashCode } from './page-models/flash.js';
import { readOrder, refuseAny } from './page-models/order-form.js';
import { type Refusal, toTrouble } from './page-models/trouble.js';
import { toWorkerPage } from './page-models/worker-page.js';
import { toWorkerHref, toWorkersHref } from './page-models/workers-page.js';
import { lastOf, type Params, typed } from './params.js';

@ApiExcludeController()
@Controller('monitor/workers/:id')
@Needs('tasks.read')
export class WorkerPageController {
  constructor(
    private readonly fleet: FleetService,
    private readonly limits: LimitsService,
    private readonly queues: OfferedQueues,
    private readonly frames: FrameService,
  ) {}

  @Get()
  show(@Param('id') id: string, @Query() query: Params, @Res() response: Response): Promise<void> {
    return this.draw(id, query, response);
  }

  /** The form says by `command` what it is about; what is refused is said beside it. */
  @Post()
  @Needs('workers.control')
  act(@Param('id') id: string, @Body() form: Params, @Res() response: Response): Promise<void> {
    return actOn(
      response,
      () => (lastOf(form, 'command') === 'dismiss' ? this.dismiss(id) : this.command(id, form)),
      (error) =>
        this.draw(id, {}, response, {
          control: controlOf(form),
          trouble: toTrouble(error),
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

  private async command(id: string, form: Params): Promise<Done> {
    const name = parseCommandName(lastOf(form, 'command') ?? '');
    const args = parseCommandArgs(name, readArgs(name, form));
    await this.fleet.command(id, name, args, actor(BY_PAGE));
    const count = 'concurrency' in args ? Number(args.concurrency) : undefined;
    return {
      to: toWorkerHref(id),
      flash: 'off' in args ? 'autoscale-off' : FLASH_OF[name],
      count: name === 'concurrency' ? count : undefined,
    };
  }

  private async draw(id: string, query: Params, response: Response, refusal?: Refusal): Promise<void> {
    const [worker, samples, limits] = await Promise.all([
      this.fleet.get(id),
      this.fleet.samples(id),
      this.limits.list(),
    ]);
    const frame = await this.frames.frame({
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

/** What a form gives of a command's arguments; what is no number stays text, so that it is refused by name. */
function readArgs(name: PublicCommand, form: Params): Record<string, unknown> {
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
  const { reason } = readOrder({ reason: form.reason }, problems, Date.now());
  refuseAny(problems);
  return reason ? { reason } : {};
}

/** The part of the page that a form stands in. */
function controlOf(form: Params): string {
  const [command, queue] = [lastOf(form, 'command'), typed(form, 'queue')];
  if (command === 'add-consumer') return command;
  if (command === 'autoscale' && queue) return `autoscale-${queue}`;
  return (command === 'concurrency' || command === 'cancel-consumer') && queue ? `consumer-${queue}` : 'head';
}
