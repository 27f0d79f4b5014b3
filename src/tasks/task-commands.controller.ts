import { Controller, Delete, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { actor, ownedKey, type OwnedKey } from '../auth/principal.js';
import { MAX_UNDO_MS } from '../bulk-actions/bulk-request.js';
import { BulkActionsService } from '../bulk-actions/bulk-actions.service.js';
import type { BulkView } from '../bulk-actions/bulk-actions.openapi.js';
import { Queues } from '../bullmq/shared-queues.js';
import { oneOf, readFields } from '../http/body-fields.js';
import { RoostError } from '../model/errors.js';
import { isFinished } from '../model/states.js';
import type { TaskView } from '../model/task-view.js';
import { requireParsedBody, requireParsedBodyIfAny } from '../http/body-parsers.js';
import { objectBody } from '../http/json-body.js';
import { readQuery, shortText, wholeNumber } from '../http/query.js';
import { requestAborted } from './request-aborted.js';
import { typeName } from './submit-request.js';
import { TaskCommands } from './task-commands.js';
import { TaskQueries } from './task-queries.js';

const MAX_REASON_LENGTH = 500;
/** Queue of the task; required only for tasks of other programs. */
const QUEUE = { queue: shortText(256) };

/** REST endpoints that submit tasks and act on single tasks. */
@Controller('api/v1/tasks')
@RequirePermission('tasks.act')
export class TaskCommandsController {
  constructor(
    private readonly commands: TaskCommands,
    private readonly queries: TaskQueries,
    private readonly bulks: BulkActionsService,
    private readonly queues: Queues,
  ) {}

  @Post()
  @RequirePermission('tasks.submit')
  async submit(@Req() req: Request, @Res({ passthrough: true }) res: Response): Promise<TaskView> {
    const { wait } = readQuery(req.query, { wait: wholeNumber(0, 30) });
    requireParsedBody(req, 'application/json');
    const body = objectBody(req.body, ['type', 'input', 'options']);
    const request = {
      type: typeName(body.type),
      input: body.input,
      options: body.options,
      requestId: req.id,
      ...idempotencyKey(req),
    };
    const listener = wait ? await this.queries.listenForEnd() : undefined;
    try {
      const { task, created } = await this.commands.submit(request);
      // Needs no encoding: the id is Roost's own.
      res.setHeader('Location', task.links.self);
      if (!wait) {
        res.status(created ? 202 : 200);
        return task;
      }
      const latest = await this.queries.waitUntilFinished(
        task.id,
        { timeoutMs: wait * 1000, over: requestAborted(res), accepted: task },
        listener,
      );
      res.status(isFinished(latest.state) ? 200 : 202);
      return latest;
    } finally {
      listener?.close();
    }
  }

  /** Answers 200 once the task is cancelled, 202 while the worker is still stopping it. */
  @Post(':id/cancel')
  async cancel(
    @Param('id') id: string,
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<TaskView> {
    const { queue } = readQuery(req.query, QUEUE);
    requireParsedBodyIfAny(req, 'application/json');
    const { reason, force } = objectBody(req.body ?? {}, ['reason', 'force']);
    if (reason !== undefined && (typeof reason !== 'string' || reason.length > MAX_REASON_LENGTH)) {
      throw invalid('reason', `must be text of at most ${MAX_REASON_LENGTH} characters`);
    }
    if (force !== undefined && typeof force !== 'boolean') throw invalid('force', 'must be true or false');
    const order = { by: actor(req, 'api'), ...(reason ? { reason } : {}), force: force ?? false };
    const task = await this.commands.cancel(id, order, queue);
    res.status(isFinished(task.state) ? 200 : 202);
    return task;
  }

  @Post(':id/retry')
  @HttpCode(200)
  retry(@Param('id') id: string, @Req() req: Request): Promise<TaskView> {
    return this.commands.retry(id, readQuery(req.query, QUEUE).queue);
  }

  /** Answers 200, or 201 with the copy that runs instead of the next run of a schedule. */
  @Post(':id/promote')
  async promote(
    @Param('id') id: string,
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<TaskView> {
    const task = await this.commands.promote(id, readQuery(req.query, QUEUE).queue);
    res.status(task.id === id ? 200 : 201);
    if (task.id !== id) res.location(task.links.self);
    return task;
  }

  /** Moves a task that has not started to another queue. */
  @Post(':id/move')
  @HttpCode(200)
  async move(@Param('id') id: string, @Req() req: Request): Promise<TaskView> {
    const located = await this.queries.find(id);
    requireParsedBody(req, 'application/json');
    const { queue } = readFields(req.body, { queue: oneOf(this.queues.names()) }, ['queue']);
    return this.commands.move(located, queue!);
  }

  /** Deletes the task at once (204), or, with `undoMs`, as a bulk action of one task that can be undone (202). */
  @Delete(':id')
  async remove(
    @Param('id') id: string,
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<BulkView | undefined> {
    const { undoMs = 0, queue } = readQuery(req.query, { undoMs: wholeNumber(0, MAX_UNDO_MS), ...QUEUE });
    if (undoMs === 0) {
      await this.commands.remove(id, queue);
      res.status(204);
      return undefined;
    }
    const by = actor(req, 'api');
    const bulk = await this.bulks.deleteOne(id, { by, undoMs, ...(queue === undefined ? {} : { queue }) });
    res.location(bulk.links.self);
    res.status(202);
    return bulk;
  }
}

function invalid(path: string, message: string): RoostError {
  return new RoostError('REQUEST_INVALID', `${path} ${message}`, [{ path, message }]);
}

function idempotencyKey(req: Request): { idempotencyKey?: OwnedKey } {
  const key = req.headers['idempotency-key'];
  return typeof key === 'string' ? { idempotencyKey: ownedKey(req, key) } : {};
}
