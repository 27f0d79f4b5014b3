import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Catalog } from '../catalog/catalog.js';
import { RoostError } from '../contract/errors.js';
import type { TaskView } from '../contract/task-view.js';
import { TasksService } from '../tasks/tasks.service.js';
import type { WhyView } from '../tasks/why-not-running.js';
import { WhyService } from '../tasks/why.service.js';
import { BY_PAGE } from './acting.js';
import { FrameService } from './frame.service.js';
import { type FlashCode, withFlash } from './page-models/flash.js';
import { shortId } from './page-models/format.js';
import { LOG_LINES_SHOWN, toTaskPage } from './page-models/task-page.js';
import { lastOf, localPath, type Params, typed } from './params.js';

/** As many lines as a task's log keeps. */
const ALL_LOG_LINES = 1_000;
const MAX_REASON_LENGTH = 500;

@ApiExcludeController()
@Controller('tasks/:id')
export class TaskPageController {
  constructor(
    private readonly tasks: TasksService,
    private readonly whys: WhyService,
    private readonly catalog: Catalog,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async show(
    @Param('id') id: string,
    @Query() query: Params,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const allLines = lastOf(query, 'log') === 'all';
    const [task, attempts, transitions, logs] = await Promise.all([
      this.tasks.get(id),
      this.tasks.attempts(id),
      this.tasks.transitions(id),
      this.newestLogs(id, allLines ? ALL_LOG_LINES : LOG_LINES_SHOWN),
    ]);
    const why = await this.why(task);
    const frame = await this.frames.frame({
      title: `${task.type} #${shortId(task.id)} · ${task.state}`,
      section: 'tasks',
      live: { events: task.links.events, everyMs: 250 },
      query,
    });
    const baseUrl = `${request.protocol}://${request.get('host')}`;
    const page = toTaskPage(
      { task, attempts, transitions, logs, type: this.catalog.find(task.type), why },
      { now: frame.now, baseUrl, level: lastOf(query, 'level'), allLines },
    );
    response.render('tasks/show', { ...frame, page });
  }

  @Post('cancel')
  cancel(@Param('id') id: string, @Body() form: Params, @Res() response: Response) {
    return this.act(id, form, response, async () => {
      const task = await this.tasks.cancel(id, {
        reason: typed(form, 'reason')?.slice(0, MAX_REASON_LENGTH),
        force: lastOf(form, 'force') === 'yes',
        by: BY_PAGE,
      });
      return task.state === 'cancelled' ? 'cancelled' : 'cancelling';
    });
  }

  @Post('retry')
  retry(@Param('id') id: string, @Body() form: Params, @Res() response: Response) {
    return this.act(id, form, response, () => this.tasks.retry(id).then(() => 'retried'));
  }

  @Post('promote')
  promote(@Param('id') id: string, @Body() form: Params, @Res() response: Response) {
    return this.act(id, form, response, () => this.tasks.promote(id).then(() => 'promoted'));
  }

  @Post('delete')
  remove(@Param('id') id: string, @Body() form: Params, @Res() response: Response) {
    return this.act(id, { ...form, back: '/tasks' }, response, () =>
      this.tasks.remove(id).then(() => 'deleted'),
    );
  }

  /** Asked of tasks that wait; one that moved on in the meantime has no reason any more. */
  private why({ id, state }: TaskView): Promise<WhyView | undefined> | undefined {
    if (state !== 'waiting' && state !== 'delayed') return undefined;
    return this.whys.why(id).catch((error: unknown) => {
      if (error instanceof RoostError && error.status < 500) return undefined;
      throw error;
    });
  }

  private async newestLogs(id: string, limit: number) {
    const { total } = await this.tasks.logs(id, { after: Number.MAX_SAFE_INTEGER, limit: 1 });
    return this.tasks.logs(id, { after: Math.max(0, total - limit), limit });
  }

  /** Goes back to where the button was, and says there what came of it. */
  private async act(
    id: string,
    form: Params,
    response: Response,
    write: () => Promise<FlashCode>,
  ): Promise<void> {
    const page = `/tasks/${encodeURIComponent(id)}`;
    try {
      const code = await write();
      response.redirect(303, withFlash(localPath(lastOf(form, 'back'), page), code));
    } catch (error) {
      if (!(error instanceof RoostError) || error.code !== 'TASK_STATE_CONFLICT') throw error;
      response.redirect(303, withFlash(page, 'conflict'));
    }
  }
}
