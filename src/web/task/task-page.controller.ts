import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { RequirePermission } from '../../auth/require-permission.js';
import { revealing } from '../../auth/reveal-redacted.js';
import { actor } from '../../auth/principal.js';
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
import { isObserved } from '../../tasks/observed-task-commands.js';
import type { JobCommands } from '../../tasks/job-commands.js';
import type { LocatedTask } from '../../tasks/located-task.js';
import { TaskCommands } from '../../tasks/task-commands.js';
import { TaskFinder } from '../../tasks/task-finder.js';
import { TaskTimeline } from '../../tasks/task-timeline.js';
import { TasksService } from '../../tasks/tasks.service.js';
import type { WhyView } from '../../tasks/task-queries.openapi.js';
import { WaitingReasonsService } from '../../tasks/waiting-reasons.service.js';
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
    private readonly tasks: TasksService,
    private readonly finder: TaskFinder,
    private readonly timeline: TaskTimeline,
    private readonly whys: WaitingReasonsService,
    private readonly bulks: BulkActionsService,
    private readonly acts: TaskCommands,
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
    const known = await this.finder.find(id, lastOf(query, 'queue') || undefined);
    const task = await this.finder.view(known);
    const [frame, why, ...story] = await Promise.all([
      this.shells.frame({
        title: `${task.type} #${shortId(task.id)} · ${task.state}`,
        section: 'tasks',
        // Drawn only once: each request for redacted values is recorded.
        live: reveal ? undefined : liveOf(task),
        query,
      }),
      this.why(known, task),
      this.timeline.attempts(known),
      this.timeline.transitions(known),
      this.newestLogs(known, allLines ? MAX_LOG_LINES : MAX_SHOWN_LOG_LINES),
      task.progress ? this.timeline.progress(known) : [],
      this.timeline.similarRuns(task, MAX_SIMILAR_RUNS),
      this.timeline.errorGroup(known, task),
      this.actsNow(known),
    ]);
    const [attempts, transitions, logs, samples, similar, errorGroup, jobActs] = story;
    const hidden = this.redaction.current;
    const page = toTaskPage(
      {
        ...{ task, attempts, transitions, logs, why, samples, similar, errorGroup, jobActs },
        type: this.registry.find(task.type),
        storedUntil: this.timeline.storedUntil(task),
        beginnings: known.past && {
          input: known.past.input && hidden.applyToText('input', known.past.input),
          result:
            known.past.result &&
            scrubOfHistory(known.past, hidden).json(hidden.applyToText('result', known.past.result)),
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
    const { type, input, priority, tags, cut } = await withoutRedaction(() => this.tasks.get(id));
    const edit = `/?type=${encodeURIComponent(type)}&from=${encodeURIComponent(id)}`;
    if (cut?.includes('input')) return response.redirect(303, edit);
    // Resubmitting would change its numbers.
    if (isExact(input)) return response.redirect(303, withFlash(edit, 'not-again'));
    try {
      const { task, created } = await this.tasks.submit({
        type,
        input,
        options: { ...(priority ? { priority } : {}), ...(tags.length > 0 ? { tags } : {}) },
        idempotencyKey: typed(form, 'key') ?? randomUUID(),
        origin: id,
      });
      response.redirect(303, withFlash(task.links.page, created ? 'submitted' : 'already-submitted'));
    } catch (error) {
      if (!(error instanceof RoostError) || error.status !== 422) throw error;
      response.redirect(303, withFlash(edit, 'not-again'));
    }
  }

  @Post('cancel')
  cancel(@Param('id') id: string, @Body() form: Params, @Res() response: Response) {
    return this.act(id, form, response, async () => {
      const task = await this.tasks.cancel(id, {
        reason: typed(form, 'reason')?.slice(0, MAX_REASON_LENGTH),
        force: lastOf(form, 'force') === 'yes',
        by: actor(BY_PAGE),
      });
      return task.state === 'cancelled' ? 'cancelled' : 'cancelling';
    });
  }

  @Post('retry')
  retry(@Param('id') id: string, @Query() query: Params, @Body() form: Params, @Res() response: Response) {
    const queue = typed(query, 'queue');
    return this.act(id, form, response, () => this.tasks.retry(id, queue).then(() => 'retried'), queue);
  }

  @Post('promote')
  promote(@Param('id') id: string, @Query() query: Params, @Body() form: Params, @Res() response: Response) {
    const queue = typed(query, 'queue');
    return this.act(
      id,
      form,
      response,
      async () => {
        const task = await this.tasks.promote(id, queue);
        if (task.id === id) return 'promoted';
        // Redirects to the copy's page, once the history knows it.
        const isKnown = await this.finder.find(task.id, task.queue).then(
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
    const known = await this.finder.find(id, queue);
    return this.act(
      id,
      { ...form, back: '/tasks' },
      response,
      async () => {
        if (!isObserved(known)) {
          const { links } = await this.bulks.deleteOne(id, { by: actor(BY_PAGE), undoMs: UNDO_MS });
          return { to: links.page };
        }
        await this.tasks.remove(id, known.queue);
        return 'deleted';
      },
      known.queue,
    );
  }

  /** Returns undefined if Redis does not answer. */
  private async actsNow(known: LocatedTask): Promise<JobCommands | undefined> {
    try {
      return await this.acts.commandsOf(known);
    } catch {
      return undefined;
    }
  }

  /** Loads the waiting reasons of a waiting task. A task that has moved on in the meantime has none. */
  private why(known: LocatedTask, { id, state, queue }: TaskView): Promise<WhyView | undefined> | undefined {
    if (isFinished(state) || state === 'active' || (known.past && known.ours)) return undefined;
    return this.whys.why(id, queue).catch((error: unknown) => {
      // The history's data of a foreign task is shown even if Redis does not answer.
      if (isObserved(known) || (error instanceof RoostError && error.status < 500)) return undefined;
      throw error;
    });
  }

  private async newestLogs(known: LocatedTask, limit: number) {
    const { total } = await this.timeline.logs(known, { after: Number.MAX_SAFE_INTEGER, limit: 1 });
    return this.timeline.logs(known, { after: Math.max(0, total - limit), limit });
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
