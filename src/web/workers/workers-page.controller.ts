import { Body, Controller, Get, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { actor } from '../../auth/principal.js';
import { RoostError } from '../../model/errors.js';
import { WorkersService } from '../../workers/workers.service.js';
import { MonitoringService } from '../../monitoring/monitoring.service.js';
import { runFormAction, BY_PAGE } from '../kit/form-action.js';
import { CommandResults } from './command-results.js';
import { PageShellService, LIVE_SECONDS } from '../kit/page-shell.service.js';
import { toCommand } from '../kit/banner.js';
import { isFleetCommand, toConfirmPage, type FleetCommand } from './fleet-command.js';
import { parseOrder, throwIfAny } from '../kit/order-form.js';
import { toFormError, type FormError } from '../kit/form-error.js';
import { toWorkersHref, toWorkersPage, type WorkersQuery } from './workers-page.js';
import { allOf, lastOf, localPath, type Params, typed } from '../kit/params.js';

@Controller('monitor/workers')
@RequirePermission('tasks.read')
export class WorkersPageController {
  constructor(
    private readonly fleet: WorkersService,
    private readonly monitoring: MonitoringService,
    private readonly results: CommandResults,
    private readonly shells: PageShellService,
  ) {}

  @Get()
  show(@Query() query: Params, @Res() response: Response): Promise<void> {
    return this.draw(query, response);
  }

  /** Shows the effect of a command before it runs. */
  @Get('confirm')
  @RequirePermission('workers.control')
  confirm(@Query() query: Params, @Res() response: Response): Promise<void> {
    return this.ask(query, response);
  }

  /** Parses the form of the list. The fields of a form that posts must not get into an address. */
  @Post('confirm')
  @RequirePermission('workers.control')
  async ask(@Body() query: Params, @Res() response: Response): Promise<void> {
    const command = commandOf(query);
    const [frame, { here, left }] = await Promise.all([
      this.shells.frame({ title: 'Confirm', section: 'workers', query }),
      this.chosen(allOf(query, 'id')),
    ]);
    const back = localPath(lastOf(query, 'back'), toWorkersHref({}));
    if (here.length === 0) response.redirect(303, `${back}${back.includes('?') ? '&' : '?'}none=${command}`);
    else
      response.render('workers/confirm', { ...frame, page: toConfirmPage(command, here, left.length, back) });
  }

  /** Sends one command to several workers. With `dismiss` it removes a worker that has left from the list. */
  @Post()
  @RequirePermission('workers.control')
  act(@Query() query: Params, @Body() form: Params, @Res() response: Response): Promise<void> {
    const gone = lastOf(form, 'dismiss');
    const list = readQuery(query);
    return runFormAction(
      response,
      async () => {
        if (gone) {
          await this.fleet.dismiss(gone);
          return { to: toWorkersHref(list), flash: 'worker-dismissed' as const };
        }
        const to = new URL(toWorkersHref(list), 'http://local');
        to.searchParams.set('replies', await this.command(form, actor(response.req, BY_PAGE)));
        return { to: to.pathname + to.search };
      },
      (error) => this.draw(query, response, toFormError(error)),
    );
  }

  /** Sends the command of a form to its workers. Returns the id of the stored answers. */
  private async command(form: Params, by: string): Promise<string> {
    const command = commandOf(form);
    const ids = allOf(form, 'id');
    if (ids.length === 0) throw noneChosen();
    const problems: { path: string; message: string }[] = [];
    const { reason } = parseOrder({ reason: form.reason }, problems, Date.now());
    throwIfAny(problems);
    const { left } = await this.chosen(ids);
    const args = {
      ...(reason && command !== 'ping' && command !== 'resume' && command !== 'restart-children'
        ? { reason }
        : {}),
      ...(command === 'stop' && lastOf(form, 'now') === 'yes' ? { now: true } : {}),
    };
    const answers = await this.fleet.commandMany(ids, command, args, by);
    return this.results.store({ command, answers, left: left.map(({ id, name }) => ({ id, name })) });
  }

  private async draw(query: Params, response: Response, trouble?: FormError): Promise<void> {
    const [frame, workers, warnings, replies] = await Promise.all([
      this.shells.frame({ title: 'Workers', section: 'workers', live: LIVE_SECONDS, query }),
      this.fleet.list(),
      // Only needed for the command that starts a worker.
      this.monitoring.warnings().catch(() => []),
      this.results.find(lastOf(query, 'replies')),
    ]);
    const command = toCommand(warnings.find(({ code }) => code === 'NO_WORKER'));
    const none = lastOf(query, 'none') === undefined ? undefined : toFormError(noneChosen());
    response.render('workers/list', {
      ...frame,
      page: toWorkersPage(workers, readQuery(query), command),
      replies,
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
