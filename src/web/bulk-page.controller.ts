import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import { BulkService } from '../bulk/bulk.service.js';
import type { BulkRequest } from '../bulk/bulk-request.js';
import { RoostError, type FieldProblem } from '../contract/errors.js';
import { QUEUE_NAMES } from '../contract/queues.js';
import {
  BULK_ACTIONS,
  BULK_OUTCOMES,
  type BulkAction,
  type BulkOutcome,
} from '../history/store/bulk-store.js';
import { actOn, BY_PAGE } from './acting.js';
import { FrameService } from './frame.service.js';
import { isNumber, toBulkConfirm, TYPED_FROM } from './page-models/bulk-confirm.js';
import { SAMPLES, toBulkLine, toBulkPage } from './page-models/bulk-page.js';
import type { Live } from './page-models/frame.js';
import { readOrder, refuseAny } from './page-models/order-form.js';
import { toTrouble, type Refusal } from './page-models/trouble.js';
import { allOf, lastOf, localPath, type Params, typed } from './params.js';

const PAGE_SIZE = 50;
/** A delete can be undone for so long, ms. */
export const UNDO_MS = 10_000;
/** Its numbers change without an event, too: while it gathers, and while it waits. */
const LIVE_BULK: Live = { events: '/api/v1/events', everyMs: 500, idleMs: 500 };

/** Asks before something is done to many tasks, shows it being done, and what became of each. */
@ApiExcludeController()
@Controller('tasks/bulk')
@Needs('tasks.bulk')
export class BulkPageController {
  constructor(
    private readonly bulks: BulkService,
    private readonly frames: FrameService,
  ) {}

  /** Those there were; with an action and a query in the address it asks, as the form of the list does. */
  @Get()
  @Needs('tasks.read')
  async list(@Query() query: Params, @Res() response: Response): Promise<void> {
    if (lastOf(query, 'action') !== undefined) return this.ask(query, response);
    const before = Number(lastOf(query, 'before'));
    const [frame, bulks] = await Promise.all([
      this.frames.frame({ title: 'Bulk actions', section: 'tasks', live: LIVE_BULK, query }),
      this.bulks.list({ limit: PAGE_SIZE, ...(before > 0 ? { before } : {}) }),
    ]);
    const last = bulks.at(-1);
    const page = {
      rows: bulks.map(toBulkLine),
      nextHref:
        last && bulks.length === PAGE_SIZE ? `/tasks/bulk?before=${Date.parse(last.createdAt)}` : undefined,
    };
    response.render('bulk/list', { ...frame, page });
  }

  @Post()
  async ask(@Body() form: Params, @Res() response: Response): Promise<void> {
    await this.draw(form, response);
  }

  @Post('start')
  start(@Body() form: Params, @Res() response: Response): Promise<void> {
    return actOn(
      response,
      async () => {
        const request = requestOf(form);
        const problems: FieldProblem[] = [];
        const { reason } = readOrder({ reason: form.reason }, problems, Date.now());
        const count = lastOf(form, 'count');
        if (
          request.action === 'delete' &&
          Number(count) > TYPED_FROM &&
          !isNumber(typed(form, 'number'), count)
        )
          problems.push({ path: 'number', message: `must be the number of tasks, ${count}` });
        refuseAny(problems);
        const bulk = await this.bulks.start({
          ...request,
          by: actor(BY_PAGE),
          ...(reason ? { reason } : {}),
          undoMs: request.action === 'delete' ? UNDO_MS : 0,
        });
        return { to: bulk.links.page };
      },
      (error) => this.draw(form, response, { control: 'bulk', trouble: toTrouble(error), typed: {} }),
    );
  }

  @Get(':id')
  @Needs('tasks.read')
  async show(@Param('id') id: string, @Query() query: Params, @Res() response: Response): Promise<void> {
    const bulk = await this.bulks.get(id);
    const outcome = BULK_OUTCOMES.find((one) => one === lastOf(query, 'outcome'));
    const after = Number(lastOf(query, 'after'));
    const kinds = BULK_OUTCOMES.filter((one) => bulk.counts[one] > 0);
    const [frame, only, ...samples] = await Promise.all([
      this.frames.frame({ title: toBulkLine(bulk).title, section: 'tasks', live: LIVE_BULK, query }),
      outcome && this.bulks.outcomes(id, { outcome, limit: PAGE_SIZE, ...(after > 0 ? { after } : {}) }),
      ...(outcome ? [] : kinds.map((kind) => this.bulks.outcomes(id, { outcome: kind, limit: SAMPLES }))),
    ]);
    const byKind = Object.fromEntries(samples.map(({ items }, i) => [kinds[i], items])) as Partial<
      Record<BulkOutcome, (typeof samples)[number]['items']>
    >;
    const page = toBulkPage(bulk, byKind, only && { outcome: outcome!, ...only }, frame.now);
    response.render('bulk/show', { ...frame, page });
  }

  @Post(':id/abort')
  abort(@Param('id') id: string, @Res() response: Response): Promise<void> {
    return actOn(
      response,
      async () => {
        const { state, stopping, links } = await this.bulks.abort(id, actor(BY_PAGE));
        const flash = stopping ? 'bulk-stopping' : state === 'undone' ? 'bulk-undone' : 'bulk-over';
        return { to: links.page, flash };
      },
      () => Promise.resolve(response.redirect(303, '/tasks/bulk')),
    );
  }

  private async draw(form: Params, response: Response, refusal?: Refusal): Promise<void> {
    const request = requestOf(form);
    const [frame, preview] = await Promise.all([
      this.frames.frame({ title: 'Confirm', section: 'tasks' }),
      this.bulks.dryRun(request),
    ]);
    const q = request.params?.q;
    const list = q ? `/tasks?${new URLSearchParams({ q })}` : '/tasks';
    const page = toBulkConfirm(
      preview,
      {
        back: localPath(lastOf(form, 'back'), list),
        to: request.to ?? '',
        ...(request.ids ? { ids: request.ids } : {}),
        typed: { reason: typed(form, 'reason'), number: typed(form, 'number') },
      },
      refusal,
    );
    response.render('bulk/confirm', { ...frame, page });
  }
}

/** The ticked tasks, or all that the query finds where none is ticked or all are meant. */
function requestOf(form: Params): BulkRequest {
  const action = actionOf(form);
  const ids = allOf(form, 'id');
  const ticked = ids.length > 0 && lastOf(form, 'all') === undefined;
  // Where to is asked on the page that confirms; until then the other queue than the first is as good as any.
  const to = typed(form, 'to') ?? QUEUE_NAMES.at(-1)!;
  return {
    action,
    ...(ticked ? { ids } : { params: { q: lastOf(form, 'q') ?? '' } }),
    ...(action === 'move' ? { to } : {}),
  };
}

function actionOf(form: Params): BulkAction {
  const action = BULK_ACTIONS.find((one) => one === lastOf(form, 'action'));
  if (action) return action;
  throw new RoostError('REQUEST_INVALID', `There is no such action. There are: ${BULK_ACTIONS.join(', ')}.`);
}
