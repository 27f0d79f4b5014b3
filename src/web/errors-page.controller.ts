import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import { RoostError } from '../contract/errors.js';
import { reason } from '../http/body-fields.js';
import { isErrorAct } from '../monitoring/errors/errors.controller.js';
import { ERROR_STATES, ErrorsService, type ErrorAct } from '../monitoring/errors/errors.service.js';
import { actOn, BY_PAGE } from './acting.js';
import { FrameService, LIVE_FLEET } from './frame.service.js';
import { toErrorGroupPage } from './page-models/error-group-page.js';
import { type InboxQuery, PAGE_SIZE, toErrorsPage, UNSOLVED } from './page-models/errors-page.js';
import type { FlashCode } from './page-models/flash.js';
import { toTrouble } from './page-models/trouble.js';
import { lastOf, type Params, typed } from './params.js';

const LIVE = { ...LIVE_FLEET, everyMs: 2_000 };
const FLASHES: Record<ErrorAct, FlashCode> = {
  resolve: 'error-resolved',
  ignore: 'error-ignored',
  reopen: 'error-reopened',
};
const MAX_TEXT = 200;
const MAX_OFFSET = 1_000_000;

/** The error inbox: failures by their kind, and what people say of them. */
@ApiExcludeController()
@Controller('monitor/errors')
@Needs('tasks.read')
export class ErrorsPageController {
  constructor(
    private readonly errors: ErrorsService,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async list(@Query() query: Params, @Res() response: Response): Promise<void> {
    const asked = readInboxQuery(query);
    const states = { unsolved: UNSOLVED, all: [...ERROR_STATES] };
    const [frame, page] = await Promise.all([
      this.frames.frame({ title: 'Errors', section: 'errors', live: LIVE, query }),
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
  @Needs('errors.mark')
  mark(
    @Param('fingerprint') fingerprint: string,
    @Param('act') act: string,
    @Body() form: Params,
    @Res() response: Response,
  ): Promise<void> {
    if (!isErrorAct(act))
      throw new RoostError('NOT_FOUND', 'There is nothing to do with an error at this address.');
    return actOn(
      response,
      async () => {
        // An emptied field takes the note away.
        await this.errors.mark(fingerprint, act, {
          by: actor(BY_PAGE),
          note: readNote(lastOf(form, 'note') ?? ''),
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
    const [{ group, stack, versions }, frame] = await Promise.all([
      this.errors.inspect(fingerprint, now),
      this.frames.frame({ title: 'Error', section: 'errors', live: LIVE, query }),
    ]);
    response.render('monitor/error-group', {
      ...frame,
      title: `${group.name} in ${group.type}`,
      page: toErrorGroupPage(group, versions, now, {
        ...(stack ? { stack } : {}),
        ...(refused ? { trouble: toTrouble(refused) } : {}),
        ...(note === undefined ? {} : { note }),
      }),
    });
  }
}

/** @throws RoostError REQUEST_INVALID */
function readNote(text: string): string {
  try {
    return reason(text.replaceAll('\r\n', '\n'));
  } catch (error) {
    const { message } = error as Error;
    throw new RoostError('REQUEST_INVALID', `note ${message}`, [{ path: 'note', message }]);
  }
}

/** What is not understood counts as not said. */
function readInboxQuery(query: Params): InboxQuery {
  const state = lastOf(query, 'state');
  const sort = lastOf(query, 'sort');
  const cursor = lastOf(query, 'cursor') ?? '';
  const text = typed(query, 'q')?.slice(0, MAX_TEXT);
  return {
    state: state === 'all' ? 'all' : (ERROR_STATES.find((known) => known === state) ?? 'unsolved'),
    sort: sort === 'count' || sort === 'first-seen' ? sort : 'last-seen',
    offset: /^\d{1,7}$/.test(cursor) ? Math.min(MAX_OFFSET, Number(cursor)) : 0,
    ...(text ? { text } : {}),
  };
}
