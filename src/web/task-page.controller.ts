import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { randomUUID } from 'node:crypto';
import { Needs } from '../access/needs.js';
import { revealing } from '../access/reveal.js';
import { actor } from '../access/visitor.js';
import { BulkService } from '../bulk/bulk.service.js';
import { Catalog } from '../catalog/catalog.js';
import { redaction, withoutRedaction } from '../contract/redaction.js';
import { RoostError } from '../contract/errors.js';
import { isSettled } from '../contract/states.js';
import type { TaskView } from '../contract/task-view.js';
import { isOurQueue, scrubOfKept } from '../history/to-task-view.js';
import { taskLinks } from '../queue/to-task-view.js';
import { ForeignActs, isForeign } from '../tasks/foreign-acts.js';
import type { KnownTask } from '../tasks/known-task.js';
import { TaskFinder } from '../tasks/task-finder.js';
import { TaskStory } from '../tasks/task-story.js';
import { TasksService } from '../tasks/tasks.service.js';
import type { WhyView } from '../tasks/why-not-running.js';
import { WhyService } from '../tasks/why.service.js';
import { BY_PAGE } from './acting.js';
import { UNDO_MS } from './bulk-page.controller.js';
import { FrameService } from './frame.service.js';
import { type FlashCode, withFlash } from './page-models/flash.js';
import { shortId } from './page-models/format.js';
import type { Live } from './page-models/frame.js';
import { SIMILAR_RUNS } from './page-models/similar-runs.js';
import { LOG_LINES_SHOWN, toTaskPage } from './page-models/task-page.js';
import { lastOf, localPath, type Params, typed } from './params.js';

/** As many lines as a task's log keeps. */
const ALL_LOG_LINES = 1_000;
const MAX_REASON_LENGTH = 500;

@ApiExcludeController()
@Controller('tasks/:id')
@Needs('tasks.act')
export class TaskPageController {
  constructor(
    private readonly tasks: TasksService,
    private readonly finder: TaskFinder,
    private readonly story: TaskStory,
    private readonly whys: WhyService,
    private readonly bulks: BulkService,
    private readonly foreign: ForeignActs,
    private readonly catalog: Catalog,
    private readonly frames: FrameService,
  ) {}

  @Get()
  @Needs('tasks.read')
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
      this.frames.frame({
        title: `${task.type} #${shortId(task.id)} · ${task.state}`,
        section: 'tasks',
        // Drawn once: each time is one more that somebody has looked.
        live: reveal ? undefined : liveOf(task),
        query,
      }),
      task.kept ? undefined : this.why(task),
      this.story.attempts(known),
      this.story.transitions(known),
      this.newestLogs(known, allLines ? ALL_LOG_LINES : LOG_LINES_SHOWN),
      task.progress ? this.story.progress(known) : [],
      this.story.similarRuns(task, SIMILAR_RUNS),
      this.story.errorGroup(known, task),
      this.foreignNow(known),
    ]);
    const [attempts, transitions, logs, samples, similar, errorGroup, foreign] = story;
    const page = toTaskPage(
      {
        ...{ task, attempts, transitions, logs, why, samples, similar, errorGroup, foreign },
        type: this.catalog.find(task.type),
        keptUntil: this.story.keptUntil(task),
        beginnings: known.past && {
          input: known.past.input && redaction().applyToText('input', known.past.input),
          result:
            known.past.result &&
            scrubOfKept(known.past).json(redaction().applyToText('result', known.past.result)),
        },
      },
      {
        now: frame.now,
        baseUrl: `${request.protocol}://${request.get('host')}`,
        level: lastOf(query, 'level'),
        allLines,
        isRevealed: reveal,
        needsToken: request.visitor?.via !== 'open',
        allAttempts: lastOf(query, 'attempts') === 'all',
      },
    );
    response.render('tasks/show', { ...frame, page: { ...page, key: randomUUID() } });
  }

  /** The same input once more, as a new task; where its type no longer takes it, the form says why. */
  @Post('again')
  @Needs('tasks.submit')
  async again(@Param('id') id: string, @Body() form: Params, @Res() response: Response): Promise<void> {
    const { type, input, priority, tags, cut } = await withoutRedaction(() => this.tasks.get(id));
    const edit = `/?type=${encodeURIComponent(type)}&from=${encodeURIComponent(id)}`;
    if (cut?.includes('input')) return response.redirect(303, edit);
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
    return this.act(id, form, response, () => this.tasks.promote(id, queue).then(() => 'promoted'), queue);
  }

  /** Not at once: the page it leads to tells how long it can still be undone. What another program has goes at once. */
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
        if (!isForeign(known)) {
          const { links } = await this.bulks.deleteOne(id, { by: actor(BY_PAGE), undoMs: UNDO_MS });
          return { to: links.page };
        }
        await this.tasks.remove(id, known.queue);
        return 'deleted';
      },
      known.queue,
    );
  }

  /** Where its program has it by now; nothing where Redis does not say. */
  private async foreignNow(known: KnownTask) {
    if (!isForeign(known)) return undefined;
    try {
      return { state: (await this.foreign.now(known))?.state };
    } catch {
      return undefined;
    }
  }

  /** Asked of tasks that wait; one that moved on in the meantime has no reason any more. */
  private why({ id, state }: TaskView): Promise<WhyView | undefined> | undefined {
    if (state !== 'waiting' && state !== 'delayed') return undefined;
    return this.whys.why(id).catch((error: unknown) => {
      if (error instanceof RoostError && error.status < 500) return undefined;
      throw error;
    });
  }

  private async newestLogs(known: KnownTask, limit: number) {
    const { total } = await this.story.logs(known, { after: Number.MAX_SAFE_INTEGER, limit: 1 });
    return this.story.logs(known, { after: Math.max(0, total - limit), limit });
  }

  /** Goes back to where the button was, and says there what came of it. */
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
      response.redirect(303, withFlash(page, 'conflict'));
    }
  }
}

/** What only the history has is as it will stay, unless it is another program's, which may run it again. */
function liveOf({ queue, state, kept, links }: TaskView): Live | undefined {
  if (kept && isSettled(state) && isOurQueue(queue)) return undefined;
  // The time it runs grows without any event.
  return { events: links.events, everyMs: 250, ...(state === 'active' ? { idleMs: 1_000 } : {}) };
}
