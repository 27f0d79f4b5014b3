import { Controller, Get, HttpCode, Param, Post, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { actor } from '../../auth/principal.js';
import { RoostError } from '../../model/errors.js';
import { readFields, reason } from '../../http/body-fields.js';
import { requireParsedBodyIfAny } from '../../http/body-parsers.js';
import { readQuery, shortText, someOf, wholeNumber } from '../../http/query.js';
import type { ErrorGroupDetailView, ErrorGroupPage } from './error-groups.openapi.js';
import { ErrorGroupsService } from './error-groups.service.js';
import { ERROR_ACTS, ERROR_SORTS, ERROR_STATES, isErrorAct } from './error-states.js';

const DEFAULT_LIMIT = 50;

/** REST endpoints of error groups. */
@Controller('api/v1/errors')
@RequirePermission('tasks.read')
export class ErrorGroupsController {
  constructor(private readonly errors: ErrorGroupsService) {}

  @Get()
  list(@Query() query: Record<string, unknown>): Promise<ErrorGroupPage> {
    const { state, q, cursor, sort, type, limit } = readQuery(query, {
      state: someOf(ERROR_STATES),
      type: shortText(200),
      q: shortText(200),
      sort: sortName,
      cursor: wholeNumber(0, 1_000_000),
      limit: wholeNumber(1, 200),
    });
    return this.errors.list({
      limit: limit ?? DEFAULT_LIMIT,
      offset: cursor ?? 0,
      ...(state ? { states: state } : {}),
      ...(type ? { type } : {}),
      ...(q ? { text: q } : {}),
      ...(sort ? { sort } : {}),
    });
  }

  @Get(':fingerprint')
  get(@Param('fingerprint') fingerprint: string): Promise<ErrorGroupDetailView> {
    return this.errors.get(fingerprint);
  }

  /** Changes the state of a group. Optional body: `{note}`. */
  @Post(':fingerprint/:act')
  @RequirePermission('errors.mark')
  @HttpCode(200)
  async mark(
    @Param('fingerprint') fingerprint: string,
    @Param('act') act: string,
    @Req() req: Request,
  ): Promise<ErrorGroupDetailView> {
    if (!isErrorAct(act))
      throw new RoostError(
        'NOT_FOUND',
        `There is no such action. Use one of: ${Object.keys(ERROR_ACTS).join(', ')}.`,
      );
    requireParsedBodyIfAny(req, 'application/json');
    const { note } = readFields(req.body ?? {}, { note: reason });
    await this.errors.mark(fingerprint, act, {
      by: actor(req, 'api'),
      ...(note === undefined ? {} : { note }),
    });
    return this.errors.get(fingerprint);
  }
}

function sortName(text: string): (typeof ERROR_SORTS)[number] {
  const found = ERROR_SORTS.find((sort) => sort === text);
  if (found) return found;
  throw new Error(`must be one of: ${ERROR_SORTS.join(', ')}`);
}
