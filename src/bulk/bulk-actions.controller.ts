import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import { BULK_ACTIONS, BULK_OUTCOMES } from '../history/store/bulk-store.js';
import { requireParsedBody, requireParsedBodyIfAny } from '../http/body-parsers.js';
import { oneOf, readFields, reason, refuse, whole, yesOrNo } from '../http/body-fields.js';
import { readQuery, wholeNumber } from '../http/query.js';
import { LONGEST_UNDO_MS } from './bulk-request.js';
import type { BulkPreview } from './bulk-preview.js';
import type { BulkView, OutcomeView } from './bulk-view.js';
import { BulkService } from './bulk.service.js';

const MAX_TEXT = 2000;
const MAX_ID = 400;
/** Parts of a search; `from` and `to` of a list are `created:` in `q` here, as `to` is where to move to. */
const SEARCH = ['q', 'state', 'type', 'queue', 'worker', 'tag'] as const;

const FIELDS = {
  action: oneOf(BULK_ACTIONS),
  q: text,
  state: text,
  type: text,
  queue: text,
  worker: text,
  tag: text,
  ids: listOfIds,
  to: text,
  reason,
  dryRun: yesOrNo,
  undoMs: whole(0, LONGEST_UNDO_MS, 'milliseconds'),
};

/** Bulk actions over REST. */
@Controller('api/v1/bulk-actions')
@Needs('tasks.read')
export class BulkActionsController {
  constructor(private readonly bulks: BulkService) {}

  /** 202; 200 for a dry run, and for a key that was used before. */
  @Post()
  @Needs('tasks.bulk')
  async start(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<BulkView | BulkPreview> {
    readQuery(req.query, {});
    requireParsedBody(req, 'application/json');
    const {
      action,
      ids,
      to,
      reason: why,
      dryRun,
      undoMs,
      ...search
    } = readFields(req.body, FIELDS, ['action']);
    const given = SEARCH.filter((name) => search[name] !== undefined);
    const request = {
      action: action!,
      ...(given.length > 0 ? { params: search } : {}),
      ...(ids ? { ids } : {}),
      ...(to === undefined ? {} : { to }),
      ...(why ? { reason: why } : {}),
    };
    if (dryRun) {
      res.status(200);
      return this.bulks.dryRun(request);
    }
    const key = req.headers['idempotency-key'];
    const { bulk, created } = await this.bulks.order({
      ...request,
      by: actor('api'),
      ...(undoMs === undefined ? {} : { undoMs }),
      ...(typeof key === 'string' ? { idempotencyKey: key } : {}),
    });
    res.location(bulk.links.self);
    res.status(created ? 202 : 200);
    return bulk;
  }

  @Get()
  async list(@Req() req: Request): Promise<{ items: BulkView[]; nextCursor?: string }> {
    const { limit = 50, cursor } = readQuery(req.query, {
      cursor: wholeNumber(0, 1e15),
      limit: wholeNumber(1, 200),
    });
    const items = await this.bulks.list({ limit, ...(cursor === undefined ? {} : { before: cursor }) });
    const last = items.at(-1);
    return {
      items,
      ...(last && items.length === limit ? { nextCursor: String(Date.parse(last.createdAt)) } : {}),
    };
  }

  @Get(':id')
  get(@Param('id') id: string): Promise<BulkView> {
    return this.bulks.get(id);
  }

  @Get(':id/outcomes')
  async outcomes(
    @Param('id') id: string,
    @Req() req: Request,
  ): Promise<{ items: OutcomeView[]; nextCursor?: string }> {
    const {
      outcome,
      cursor,
      limit = 100,
    } = readQuery(req.query, {
      outcome: oneOf(BULK_OUTCOMES),
      cursor: wholeNumber(0, 1e12),
      limit: wholeNumber(1, 1000),
    });
    const { items, next } = await this.bulks.outcomes(id, {
      limit,
      ...(outcome === undefined ? {} : { outcome }),
      ...(cursor === undefined ? {} : { after: cursor }),
    });
    return { items, ...(next === undefined ? {} : { nextCursor: String(next) }) };
  }

  /** 200 where it has ended, 202 while it finishes what it has in hand. */
  @Post(':id/abort')
  @Needs('tasks.bulk')
  async abort(
    @Param('id') id: string,
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<BulkView> {
    requireParsedBodyIfAny(req, 'application/json');
    refuse(Object.keys((req.body ?? {}) as object).map((path) => ({ path, message: 'is not known here' })));
    const bulk = await this.bulks.abort(id, actor('api'));
    res.status(bulk.stopping ? 202 : 200);
    return bulk;
  }
}

function text(value: unknown): string {
  if (typeof value === 'string' && value.length <= MAX_TEXT) return value;
  throw new Error(`must be text of at most ${MAX_TEXT} characters`);
}

function listOfIds(value: unknown): string[] {
  if (
    Array.isArray(value) &&
    value.every((id) => typeof id === 'string' && id !== '' && id.length <= MAX_ID)
  ) {
    return value as string[];
  }
  throw new Error('must be a list of ids such as "t1m8...", or "<queue>/<id>"');
}
