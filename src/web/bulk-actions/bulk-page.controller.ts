import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { actor } from '../../auth/principal.js';
import { BulkActionsService } from '../../bulk-actions/bulk-actions.service.js';
import type { BulkRequest } from '../../bulk-actions/bulk-request.js';
import { RoostError, type FieldProblem } from '../../model/errors.js';
import {
  BULK_ACTIONS,
  BULK_OUTCOMES,
  type BulkAction,
  type BulkOutcome,
} from '../../history/ports/bulk-store.js';
import { runFormAction, BY_PAGE, UNDO_MS } from '../kit/form-action.js';
import { PageShellService } from '../kit/page-shell.service.js';
import { OfferedQueues } from '../queues/offered-queues.js';
import { isNumber, toBulkConfirm, TYPED_COUNT_THRESHOLD } from './bulk-confirm.js';
import { MAX_SAMPLES, toBulkLine, toBulkPage } from './bulk-page.js';
import type { Live } from '../kit/page-shell.js';
import { parseOrder, throwIfAny } from '../kit/order-form.js';
import { toFormError, type RefusedForm } from '../kit/form-error.js';
import { allOf, lastOf, localPath, type Params, typed } from '../kit/params.js';

const PAGE_SIZE = 50;
/**
 * Refresh rate of an open page: its numbers also change without an event, while it collects tasks and while
 * it waits.
 */
const LIVE_BULK: Live = { events: '/api/v1/events', everyMs: 500, idleMs: 500 };

/** Pages of bulk actions: the confirmation, the progress and the outcome of each task. */
@Controller('tasks/bulk')
@RequirePermission('tasks.bulk')
export class BulkPageController {
  constructor(
    private readonly bulks: BulkActionsService,
    private readonly shells: PageShellService,
    private readonly queues: OfferedQueues,
  ) {}

  /**
   * Lists past bulk actions. With an action and a query in the address it asks for confirmation, as the form
   * of the list does.
   */
  @Get()
  @RequirePermission('tasks.read')
  async list(@Query() query: Params, @Res() response: Response): Promise<void> {
    if (lastOf(query, 'action') !== undefined) return this.ask(query, response);
    const before = Number(lastOf(query, 'before'));
    const [frame, bulks] = await Promise.all([
      this.shells.frame({ title: 'Bulk actions', section: 'tasks', live: LIVE_BULK, query }),
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
    return runFormAction(
      response,
      async () => {
        const request = this.requestOf(form);
        const problems: FieldProblem[] = [];
        const { reason } = parseOrder({ reason: form.reason }, problems, Date.now());
        const count = lastOf(form, 'count');
        const asOf = Number(lastOf(form, 'asOf'));
        if (
          request.action === 'delete' &&
          Number(count) > TYPED_COUNT_THRESHOLD &&
          !isNumber(typed(form, 'number'), count)
        )
          problems.push({ path: 'number', message: `must be the number of tasks, ${count}` });
        throwIfAny(problems);
        const bulk = await this.bulks.start({
          ...request,
          by: actor(response.req, BY_PAGE),
          ...(reason ? { reason } : {}),
          ...(asOf > 0 ? { asOf } : {}),
          undoMs: request.action === 'delete' ? UNDO_MS : 0,
        });
        return { to: bulk.links.page };
      },
      (error) => this.draw(form, response, { control: 'bulk', trouble: toFormError(error), typed: {} }),
    );
  }

  @Get(':id')
  @RequirePermission('tasks.read')
  async show(@Param('id') id: string, @Query() query: Params, @Res() response: Response): Promise<void> {
    const bulk = await this.bulks.get(id);
    const outcome = BULK_OUTCOMES.find((one) => one === lastOf(query, 'outcome'));
    const after = Number(lastOf(query, 'after'));
    const kinds = BULK_OUTCOMES.filter((one) => bulk.counts[one] > 0);
    const [frame, only, ...samples] = await Promise.all([
      this.shells.frame({ title: toBulkLine(bulk).title, section: 'tasks', live: LIVE_BULK, query }),
      outcome && this.bulks.outcomes(id, { outcome, limit: PAGE_SIZE, ...(after > 0 ? { after } : {}) }),
      ...(outcome ? [] : kinds.map((kind) => this.bulks.outcomes(id, { outcome: kind, limit: MAX_SAMPLES }))),
    ]);
    const byKind = Object.fromEntries(samples.map(({ items }, i) => [kinds[i], items])) as Partial<
      Record<BulkOutcome, (typeof samples)[number]['items']>
    >;
    const page = toBulkPage(bulk, byKind, only && { outcome: outcome!, ...only }, frame.now);
    response.render('bulk/show', { ...frame, page });
  }

  @Post(':id/abort')
  abort(@Param('id') id: string, @Res() response: Response): Promise<void> {
    return runFormAction(
      response,
      async () => {
        const { state, stopping, links } = await this.bulks.abort(id, actor(response.req, BY_PAGE));
        const flash = stopping ? 'bulk-stopping' : state === 'undone' ? 'bulk-undone' : 'bulk-over';
        return { to: links.page, flash };
      },
      () => Promise.resolve(response.redirect(303, '/tasks/bulk')),
    );
  }

  private async draw(form: Params, response: Response, refusal?: RefusedForm): Promise<void> {
    const request = this.requestOf(form);
    const [frame, preview] = await Promise.all([
      this.shells.frame({ title: 'Confirm', section: 'tasks' }),
      this.bulks.dryRun(request),
    ]);
    const q = request.params?.q;
    const list = q ? `/tasks?${new URLSearchParams({ q })}` : '/tasks';
    const page = toBulkConfirm(
      preview,
      {
        back: localPath(lastOf(form, 'back'), list),
        queues: this.queues.names,
        to: request.to ?? '',
        asOf: frame.now,
        ...(request.ids ? { ids: request.ids } : {}),
        typed: { reason: typed(form, 'reason'), number: typed(form, 'number') },
      },
      refusal,
    );
    response.render('bulk/confirm', { ...frame, page });
  }

  /** Returns the ticked tasks, or all that the query finds if none is ticked or all are chosen. */
  private requestOf(form: Params): BulkRequest {
    const action = actionOf(form);
    const ids = allOf(form, 'id');
    const ticked = ids.length > 0 && lastOf(form, 'all') === undefined;
    // The confirmation page asks for the target queue. Until then any other queue serves as a placeholder.
    const to = typed(form, 'to') ?? this.queues.names.at(-1)!;
    return {
      action,
      ...(ticked ? { ids } : { params: { q: lastOf(form, 'q') ?? '' } }),
      ...(action === 'move' ? { to } : {}),
    };
  }
}

function actionOf(form: Params): BulkAction {
  const action = BULK_ACTIONS.find((one) => one === lastOf(form, 'action'));
  if (action) return action;
  throw new RoostError('REQUEST_INVALID', `There is no such action. There are: ${BULK_ACTIONS.join(', ')}.`);
}
