import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { actor } from '../../auth/principal.js';
import { RoostError } from '../../model/errors.js';
import { reason } from '../../http/body-fields.js';
import { ErrorGroupsService } from '../../monitoring/error-groups/error-groups.service.js';
import { ERROR_STATES, isErrorAct, type ErrorAct } from '../../monitoring/error-groups/error-states.js';
import { runFormAction, BY_PAGE } from '../kit/form-action.js';
import { PageShellService, LIVE_FLEET } from '../kit/page-shell.service.js';
import { toErrorGroupPage } from './error-group-page.js';
import { type InboxQuery, PAGE_SIZE, toErrorsPage, UNSOLVED_STATES } from './errors-page.js';
import type { FlashCode } from '../kit/flash.js';
import { toFormError } from '../kit/form-error.js';
import { lastOf, type Params, typed } from '../kit/params.js';

const LIVE = { ...LIVE_FLEET, everyMs: 2_000 };
const FLASHES: Record<ErrorAct, FlashCode> = {
  resolve: 'error-resolved',
  ignore: 'error-ignored',
  reopen: 'error-reopened',
};
const MAX_NOTE_LENGTH = 200;
const MAX_OFFSET = 1_000_000;

/** Error inbox: failures grouped by kind, with their states and notes. */
@Controller('monitor/errors')
@RequirePermission('tasks.read')
export class ErrorsPageController {
  constructor(
    private readonly errors: ErrorGroupsService,
    private readonly shells: PageShellService,
  ) {}

  @Get()
  async list(@Query() query: Params, @Res() response: Response): Promise<void> {
    const asked = parseInboxQuery(query);
    const states = { unsolved: UNSOLVED_STATES, all: [...ERROR_STATES] };
    const [frame, page] = await Promise.all([
      this.shells.frame({ title: 'Errors', section: 'errors', live: LIVE, query }),
      this.errors.list({
        states: asked.state === 'unsolved' || asked.state === 'all' ? states[asked.state] : [asked.state],
        ...(asked.text ? { text: asked.text } : {}),
        sort: asked.sort,
        offset: asked.offset,
        limit: PAGE_SIZE,
      }),
    ]);
    response.render('monitor/errors', { ...frame, page: toErrorsPage(page, asked) });
  }

  @Get(':fingerprint')
  show(
    @Param('fingerprint') fingerprint: string,
    @Query() query: Params,
    @Res() response: Response,
  ): Promise<void> {
    return this.draw(fingerprint, query, response);
  }

  @Post(':fingerprint/:act')
  @RequirePermission('errors.mark')
  mark(
    @Param('fingerprint') fingerprint: string,
    @Param('act') act: string,
    @Body() form: Params,
    @Res() response: Response,
  ): Promise<void> {
    if (!isErrorAct(act))
      throw new RoostError('NOT_FOUND', 'There is nothing to do with an error at this address.');
    return runFormAction(
      response,
      async () => {
        // An empty field removes the note.
        await this.errors.mark(fingerprint, act, {
          by: actor(response.req, BY_PAGE),
          note: parseNote(lastOf(form, 'note') ?? ''),
        });
        return { to: `/monitor/errors/${fingerprint}`, flash: FLASHES[act] };
      },
      (error) => this.draw(fingerprint, {}, response, error, typed(form, 'note')),
    );
  }

  private async draw(
    fingerprint: string,
    query: Params,
    response: Response,
    refused?: RoostError,
    note?: string,
  ): Promise<void> {
    const now = Date.now();
    const [{ group, failure, versions }, frame] = await Promise.all([
      this.errors.inspect(fingerprint, now),
      this.shells.frame({ title: 'Error', section: 'errors', live: LIVE, query }),
    ]);
    response.render('monitor/error-group', {
      ...frame,
      title: `${group.name} in ${group.type}`,
      page: toErrorGroupPage(group, versions, now, {
        ...(failure ? { failure } : {}),
        ...(refused ? { trouble: toFormError(refused) } : {}),
        ...(note === undefined ? {} : { note }),
      }),
    });
  }
}

/** @throws RoostError REQUEST_INVALID */
function parseNote(text: string): string {
  try {
    return reason(text.replaceAll('\r\n', '\n'));
  } catch (error) {
    const { message } = error as Error;
    throw new RoostError('REQUEST_INVALID', `note ${message}`, [{ path: 'note', message }]);
  }
}

/** Parses the address of the inbox. Ignores values that it does not know. */
function parseInboxQuery(query: Params): InboxQuery {
  const state = lastOf(query, 'state');
  const sort = lastOf(query, 'sort');
  const cursor = lastOf(query, 'cursor') ?? '';
  const text = typed(query, 'q')?.slice(0, MAX_NOTE_LENGTH);
  return {
    state: state === 'all' ? 'all' : (ERROR_STATES.find((known) => known === state) ?? 'unsolved'),
    sort: sort === 'count' || sort === 'first-seen' ? sort : 'last-seen',
    offset: /^\d{1,7}$/.test(cursor) ? Math.min(MAX_OFFSET, Number(cursor)) : 0,
    ...(text ? { text } : {}),
  };
}
