import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { actor, ownedKey } from '../auth/principal.js';
import { BULK_ACTIONS, BULK_OUTCOMES } from '../history/ports/bulk-store.js';
import { RoostError } from '../model/errors.js';
import { requireParsedBody, requireParsedBodyIfAny } from '../http/body-parsers.js';
import { oneOf, readFields, reason, refuse, whole, yesOrNo } from '../http/body-fields.js';
import { readQuery, wholeNumber } from '../http/query.js';
import { MAX_UNDO_MS } from './bulk-request.js';
import type { BulkPreview, BulkView, OutcomeView } from './bulk-actions.openapi.js';
import { BulkActionsService } from './bulk-actions.service.js';

const MAX_TEXT_LENGTH = 2000;
const MAX_ID_LENGTH = 400;
/** Search parameters. `from` and `to` of the list are missing, because `to` is the target of a move: use `created:` in `q`. */
const SEARCH_FIELDS = ['q', 'state', 'type', 'queue', 'worker', 'tag'] as const;

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
  undoMs: whole(0, MAX_UNDO_MS, 'milliseconds'),
};

/** Requires read permission for a query or a dry run, because the matches reveal the content of tasks. */
function requireReadPermission({ principal }: Request): void {
  if (principal?.permissions.has('tasks.read')) return;
  throw new RoostError(
    'FORBIDDEN',
    'Selecting tasks by a query and a dry run also need the permission tasks.read. Give `ids` instead.',
    undefined,
    { permission: 'tasks.read' },
  );
}

/** REST endpoints of bulk actions. */
@Controller('api/v1/bulk-actions')
@RequirePermission('tasks.read')
export class BulkActionsController {
  constructor(private readonly bulks: BulkActionsService) {}

  /** Answers 202, or 200 for a dry run and for a key that was used before. */
  @Post()
  @RequirePermission('tasks.bulk')
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
    if (dryRun || !ids) requireReadPermission(req);
    const given = SEARCH_FIELDS.filter((name) => search[name] !== undefined);
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
      by: actor(req, 'api'),
      ...(undoMs === undefined ? {} : { undoMs }),
      ...(typeof key === 'string' ? { idempotencyKey: ownedKey(req, key) } : {}),
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

  /** Answers 200 where it has ended, 202 while it finishes the current batch. */
  @Post(':id/abort')
  @RequirePermission('tasks.bulk')
  async abort(
    @Param('id') id: string,
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<BulkView> {
    requireParsedBodyIfAny(req, 'application/json');
    refuse(
      Object.keys((req.body ?? {}) as object).map((path) => ({ path, message: 'is not a known field' })),
    );
    const bulk = await this.bulks.abort(id, actor(req, 'api'));
    res.status(bulk.stopping ? 202 : 200);
    return bulk;
  }
}

function text(value: unknown): string {
  if (typeof value === 'string' && value.length <= MAX_TEXT_LENGTH) return value;
  throw new Error(`must be text of at most ${MAX_TEXT_LENGTH} characters`);
}

function listOfIds(value: unknown): string[] {
  if (
    Array.isArray(value) &&
    value.every((id) => typeof id === 'string' && id !== '' && id.length <= MAX_ID_LENGTH)
  ) {
    return value as string[];
  }
  throw new Error('must be a list of ids such as "t1m8...", or "<queue>/<id>"');
}
