import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { RequirePermission } from '../../auth/require-permission.js';
import { revealing } from '../../auth/reveal-redacted.js';
import { actor, ownedKey } from '../../auth/principal.js';
import { BulkActionsService } from '../../bulk-actions/bulk-actions.service.js';
import { TaskRegistry } from '../../registry/task-registry.js';
import { Settings } from '../../platform/config/settings.js';
import { Redaction, withoutRedaction } from '../../platform/redaction/redaction.js';
import { RoostError } from '../../model/errors.js';
import { isFinished } from '../../model/states.js';
import { isExact } from '../../model/lenient-json.js';
import type { TaskView } from '../../model/task-view.js';
import { isOurQueue, scrubOfHistory } from '../../history/to-task-view.js';
import { taskLinks } from '../../bullmq/codec/to-task-view.js';
import type { JobCommands } from '../../tasks/job-commands.js';
import { isObserved, type LocatedTask } from '../../tasks/located-task.js';
import { toRetentionTimes } from '../../tasks/retention-times.js';
import { TaskCommands } from '../../tasks/task-commands.js';
import { TaskQueries } from '../../tasks/task-queries.js';
import type { TaskTimeline } from '../../tasks/task-timeline.js';
import type { WhyView } from '../../tasks/task-queries.openapi.js';
import { BY_PAGE, UNDO_MS } from '../kit/form-action.js';
import { PageShellService } from '../kit/page-shell.service.js';
import { type FlashCode, flashOfRefusal, withFlash } from '../kit/flash.js';
import { shortId } from '../kit/format.js';
import type { Live } from '../kit/page-shell.js';
import { MAX_SIMILAR_RUNS } from './similar-runs.js';
import { MAX_SHOWN_LOG_LINES, toTaskPage } from './task-page.js';
import { lastOf, localPath, type Params, typed } from '../kit/params.js';

/** Maximum number of log lines stored per task. */
const MAX_LOG_LINES = 1_000;
const MAX_REASON_LENGTH = 500;

@Controller('tasks/:id')
@RequirePermission('tasks.act')
export class TaskPageController {
  constructor(
    private readonly queries: TaskQueries,
    private readonly commands: TaskCommands,
    private readonly bulks: BulkActionsService,
    private readonly registry: TaskRegistry,
    private readonly shells: PageShellService,
    private readonly settings: Settings,
    private readonly redaction: Redaction,
  ) {}

  @Get()
  @RequirePermission('tasks.read')
  async show(
    @Param('id') id: string,
    @Query() query: Params,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const reveal = lastOf(query, 'reveal') === '1';
    await revealing(request, reveal, () => this.draw(id, query, reveal, request, response));
  }

  private async draw(id: string, query: Params, reveal: boolean, request: Request, response: Response) {
    const allLines = lastOf(query, 'log') === 'all';
    const timeline = await this.queries.open(id, lastOf(query, 'queue') || undefined);
    const { history } = timeline.located;
    const task = await timeline.view();
    const lines = allLines ? MAX_LOG_LINES : MAX_SHOWN_LOG_LINES;
    const [frame, why, attempts, transitions, logs, samples, similar, errorGroup, jobActs] =
      await Promise.all([
        this.shells.frame({
          title: `${task.type} #${shortId(task.id)} · ${task.state}`,
          section: 'tasks',
          // Drawn only once: each request for redacted values is recorded.
          live: reveal ? undefined : liveOf(task),
          query,
        }),
        this.why(timeline, task),
        timeline.attempts(),
        timeline.transitions(),
        timeline.logs({ after: -lines, limit: lines }),
        task.progress ? timeline.progress() : [],
        this.queries.similarRuns(task, MAX_SIMILAR_RUNS),
        timeline.errorGroup(),
        this.commandsNow(timeline.located),
      ]);
    const hidden = this.redaction.current;
    const page = toTaskPage(
      {
        ...{ task, attempts, transitions, logs, why, samples, similar, errorGroup, jobActs },
        type: this.registry.find(task.type),
        storedUntil: toRetentionTimes(task, this.settings),
        beginnings: history && {
          input: history.input && hidden.applyToText('input', history.input),
          result:
            history.result &&
            scrubOfHistory(history, hidden).json(hidden.applyToText('result', history.result)),
        },
      },
      {
        now: frame.now,
        baseUrl: this.settings.PUBLIC_URL || `${request.protocol}://${request.get('host')}`,
        level: lastOf(query, 'level'),
        allLines,
        isRevealed: reveal,
        needsToken: request.principal?.via !== 'open',
        allAttempts: lastOf(query, 'attempts') === 'all',
      },
    );
    response.render('tasks/show', { ...frame, page: { ...page, key: randomUUID() } });
  }

  /** Submits the same input as a new task. If its type no longer accepts it, the form shows why. */
  @Post('again')
  @RequirePermission('tasks.submit')
  async again(@Param('id') id: string, @Body() form: Params, @Res() response: Response): Promise<void> {
    const original = await withoutRedaction(() => this.queries.get(id));
    const { type, input, cut } = original;
    const edit = `/submit?type=${encodeURIComponent(type)}&from=${encodeURIComponent(id)}`;
    if (cut?.includes('input')) return response.redirect(303, edit);
    // Resubmitting would change its numbers.
    if (isExact(input)) return response.redirect(303, withFlash(edit, 'not-again'));
    try {
      const { task, created } = await this.commands.rerun(
        original,
        ownedKey(response.req, typed(form, 'key') ?? randomUUID()),
      );
      response.redirect(303, withFlash(task.links.page, created ? 'submitted' : 'already-submitted'));
    } catch (error) {
      if (!(error instanceof RoostError) || error.status !== 422) throw error;
      response.redirect(303, withFlash(edit, 'not-again'));
    }
  }

  @Post('cancel')
  cancel(@Param('id') id: string, @Body() form: Params, @Res() response: Response) {
    return this.act(id, form, response, async () => {
      const task = await this.commands.cancel(id, {
        reason: typed(form, 'reason')?.slice(0, MAX_REASON_LENGTH),
        force: lastOf(form, 'force') === 'yes',
        by: actor(response.req, BY_PAGE),
      });
      return task.state === 'cancelled' ? 'cancelled' : 'cancelling';
    });
  }

  @Post('retry')
  retry(@Param('id') id: string, @Query() query: Params, @Body() form: Params, @Res() response: Response) {
    const queue = typed(query, 'queue');
    return this.act(id, form, response, () => this.commands.retry(id, queue).then(() => 'retried'), queue);
  }

  @Post('promote')
  promote(@Param('id') id: string, @Query() query: Params, @Body() form: Params, @Res() response: Response) {
    const queue = typed(query, 'queue');
    return this.act(
      id,
      form,
      response,
      async () => {
        const task = await this.commands.promote(id, queue);
        if (task.id === id) return 'promoted';
        // Redirects to the copy's page, once the history knows it.
        const isKnown = await this.queries.find(task.id, task.queue).then(
          () => true,
          () => false,
        );
        return isKnown ? { to: withFlash(task.links.page, 'ran-copy') } : 'ran-copy';
      },
      queue,
    );
  }

  /** Schedules a delete, which the next page offers to undo. A task of another program is deleted at once. */
  @Post('delete')
  async remove(
    @Param('id') id: string,
    @Query() query: Params,
    @Body() form: Params,
    @Res() response: Response,
  ): Promise<void> {
    const queue = typed(query, 'queue');
    const located = await this.queries.find(id, queue);
    return this.act(
      id,
      { ...form, back: '/tasks' },
      response,
      async () => {
        if (!isObserved(located)) {
          const { links } = await this.bulks.deleteOne(id, {
            by: actor(response.req, BY_PAGE),
            undoMs: UNDO_MS,
          });
          return { to: links.page };
        }
        await this.commands.remove(id, located.queue);
        return 'deleted';
      },
      located.queue,
    );
  }

  /** Returns undefined if Redis does not answer. */
  private async commandsNow(located: LocatedTask): Promise<JobCommands | undefined> {
    try {
      return await this.queries.commandsOf(located);
    } catch {
      return undefined;
    }
  }

  /** Loads the waiting reasons of a waiting task. A task that has moved on in the meantime has none. */
  private why(timeline: TaskTimeline, { state }: TaskView): Promise<WhyView | undefined> | undefined {
    const { located } = timeline;
    if (isFinished(state) || state === 'active' || (located.history && located.ours)) return undefined;
    return this.queries.whyWaiting(timeline).catch((error: unknown) => {
      // The history's data of a foreign task is shown even if Redis does not answer.
      if (isObserved(located) || (error instanceof RoostError && error.status < 500)) return undefined;
      throw error;
    });
  }

  /** Redirects to the page of the button, which shows the outcome. */
  private async act(
    id: string,
    form: Params,
    response: Response,
    write: () => Promise<FlashCode | { to: string }>,
    queue?: string,
  ): Promise<void> {
    const { page } = taskLinks(id, queue === undefined || isOurQueue(queue) ? undefined : queue);
    try {
      const done = await write();
      const to = typeof done === 'object' ? done.to : withFlash(localPath(lastOf(form, 'back'), page), done);
      response.redirect(303, to);
    } catch (error) {
      if (!(error instanceof RoostError) || error.code !== 'TASK_STATE_CONFLICT') throw error;
      response.redirect(303, withFlash(page, flashOfRefusal(error.extra?.reason)));
    }
  }
}

/** Refresh interval of a finished task of another program, which may put it back, ms. */
const FINISHED_REFRESH_MS = 30_000;

/**
 * Returns no live source for a task that only the history has: it no longer changes, unless another program
 * owns it. Neither sends events.
 */
function liveOf({ queue, state, source, links }: TaskView): Live | undefined {
  const isOver = source !== undefined && isFinished(state);
  if (isOver) return isOurQueue(queue) ? undefined : { everyMs: 250, idleMs: FINISHED_REFRESH_MS };
  // The run time grows without an event.
  return { events: links.events, everyMs: 250, ...(state === 'active' ? { idleMs: 1_000 } : {}) };
}
