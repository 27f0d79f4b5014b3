import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import { RoostError } from '../contract/errors.js';
import { FleetService } from '../fleet/fleet.service.js';
import { MonitoringService } from '../monitoring/monitoring.service.js';
import { actOn, BY_PAGE } from './acting.js';
import { FleetReplies } from './fleet-replies.js';
import { FrameService, LIVE_SECONDS } from './frame.service.js';
import { toCommand } from './page-models/banner.js';
import { isFleetCommand, toConfirmPage, toReplies, type FleetCommand } from './page-models/fleet-command.js';
import { readOrder, refuseAny } from './page-models/order-form.js';
import { toTrouble, type Trouble } from './page-models/trouble.js';
import { toWorkersHref, toWorkersPage, type WorkersQuery } from './page-models/workers-page.js';
import { allOf, lastOf, localPath, type Params, typed } from './params.js';

@ApiExcludeController()
@Controller('monitor/workers')
@Needs('tasks.read')
export class WorkersPageController {
  constructor(
    private readonly fleet: FleetService,
    private readonly monitoring: MonitoringService,
    private readonly replies: FleetReplies,
    private readonly frames: FrameService,
  ) {}

  @Get()
  show(@Query() query: Params, @Res() response: Response): Promise<void> {
    return this.draw(query, response);
  }

  /** What a command would hit, before it does. */
  @Get('confirm')
  @Needs('workers.control')
  confirm(@Query() query: Params, @Res() response: Response): Promise<void> {
    return this.ask(query, response);
  }

  /** From the form of the list: what stands in a form that posts must not get into an address. */
  @Post('confirm')
  @Needs('workers.control')
  async ask(@Body() query: Params, @Res() response: Response): Promise<void> {
    const command = commandOf(query);
    const [frame, { here, left }] = await Promise.all([
      this.frames.frame({ title: 'Confirm', section: 'workers', query }),
      this.chosen(allOf(query, 'id')),
    ]);
    const back = localPath(lastOf(query, 'back'), toWorkersHref({}));
    if (here.length === 0) response.redirect(303, `${back}${back.includes('?') ? '&' : '?'}none=${command}`);
    else
      response.render('workers/confirm', { ...frame, page: toConfirmPage(command, here, left.length, back) });
  }

  /** One command to several workers; with `dismiss` one that is gone is taken off the list. */
  @Post()
  @Needs('workers.control')
  act(@Query() query: Params, @Body() form: Params, @Res() response: Response): Promise<void> {
    const gone = lastOf(form, 'dismiss');
    const list = readQuery(query);
    return actOn(
      response,
      async () => {
        if (gone) {
          await this.fleet.dismiss(gone);
          return { to: toWorkersHref(list), flash: 'worker-dismissed' as const };
        }
        const to = new URL(toWorkersHref(list), 'http://local');
        to.searchParams.set('replies', await this.command(form));
        return { to: to.pathname + to.search };
      },
      (error) => this.draw(query, response, toTrouble(error)),
    );
  }

  /** The id of what they said. */
  private async command(form: Params): Promise<string> {
    const command = commandOf(form);
    const ids = allOf(form, 'id');
    if (ids.length === 0) throw noneChosen();
    const problems: { path: string; message: string }[] = [];
    const { reason } = readOrder({ reason: form.reason }, problems, Date.now());
    refuseAny(problems);
    const { left } = await this.chosen(ids);
    const args = {
      ...(reason && command !== 'ping' && command !== 'resume' && command !== 'restart-children'
        ? { reason }
        : {}),
      ...(command === 'stop' && lastOf(form, 'now') === 'yes' ? { now: true } : {}),
    };
    const answers = await this.fleet.commandMany(ids, command, args, actor(BY_PAGE));
    return this.replies.keep(toReplies(command, answers, left));
  }

  private async draw(query: Params, response: Response, trouble?: Trouble): Promise<void> {
    const [frame, workers, warnings] = await Promise.all([
      this.frames.frame({ title: 'Workers', section: 'workers', live: LIVE_SECONDS, query }),
      this.fleet.list(),
      // Only for the command that starts one.
      this.monitoring.warnings().catch(() => []),
    ]);
    const command = toCommand(warnings.find(({ code }) => code === 'NO_WORKER'));
    const none = lastOf(query, 'none') === undefined ? undefined : toTrouble(noneChosen());
    response.render('workers/list', {
      ...frame,
      page: toWorkersPage(workers, readQuery(query), command),
      replies: this.replies.find(lastOf(query, 'replies')),
      trouble: trouble ?? none,
    });
  }

  private async chosen(ids: string[]) {
    const workers = (await this.fleet.list()).filter(({ id }) => ids.includes(id));
    return {
      here: workers.filter(({ status }) => status !== 'offline'),
      left: workers.filter(({ status }) => status === 'offline'),
    };
  }
}

function readQuery(query: Params): WorkersQuery {
  return { q: typed(query, 'q')?.slice(0, 100), sort: typed(query, 'sort') };
}

function commandOf(params: Params): FleetCommand {
  const name = lastOf(params, 'command');
  if (isFleetCommand(name)) return name;
  throw new RoostError('REQUEST_INVALID', 'There is no such command for several workers.');
}

function noneChosen(): RoostError {
  return new RoostError('REQUEST_INVALID', 'No worker is ticked. Tick those it is meant for.');
}
