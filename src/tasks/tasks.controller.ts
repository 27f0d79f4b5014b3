import { Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import { RoostError } from '../contract/errors.js';
import { isSettled } from '../contract/states.js';
import type { TaskView } from '../contract/task-view.js';
import { requireParsedBody, requireParsedBodyIfAny } from '../http/body-parsers.js';
import { objectBody } from '../http/json-body.js';
import { readQuery, shortText, wholeNumber } from '../http/query.js';
import { abandonedBy } from './abandoned.js';
import { TasksService } from './tasks.service.js';

const MAX_REASON_LENGTH = 500;
/** Of which queue; needed for tasks of other programs alone. */
const QUEUE = { queue: shortText(256) };

/** Tasks over REST. */
@Controller('api/v1/tasks')
@Needs('tasks.act')
export class TasksController {
  constructor(private readonly tasks: TasksService) {}

  @Post()
  @Needs('tasks.submit')
  async submit(@Req() req: Request, @Res({ passthrough: true }) res: Response): Promise<TaskView> {
    const { wait } = readQuery(req.query, { wait: wholeNumber(0, 30) });
    requireParsedBody(req, 'application/json');
    const body = objectBody(req.body, ['type', 'input', 'options']);
    const { task, created } = await this.tasks.submit({
      type: typeName(body.type),
      input: body.input,
      options: body.options,
      requestId: req.id,
      ...idempotencyKey(req),
    });
    res.location(task.links.self);
    if (wait) {
      const settled = await this.tasks.waitUntilSettled(task.id, wait * 1000, abandonedBy(res));
      res.status(isSettled(settled.state) ? 200 : 202);
      return settled;
    }
    res.status(created ? 202 : 200);
    return task;
  }

  /** 200 once it is certain, 202 while the worker is still letting go. */
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
    const order = { by: actor('api'), ...(reason ? { reason } : {}), force: force ?? false };
    const task = await this.tasks.cancel(id, order, queue);
    res.status(isSettled(task.state) ? 200 : 202);
    return task;
  }

  @Post(':id/retry')
  @HttpCode(200)
  retry(@Param('id') id: string, @Req() req: Request): Promise<TaskView> {
    return this.tasks.retry(id, readQuery(req.query, QUEUE).queue);
  }

  @Post(':id/promote')
  @HttpCode(200)
  promote(@Param('id') id: string, @Req() req: Request): Promise<TaskView> {
    return this.tasks.promote(id, readQuery(req.query, QUEUE).queue);
  }
}

function invalid(path: string, message: string): RoostError {
  return new RoostError('REQUEST_INVALID', `${path} ${message}`, [{ path, message }]);
}

/** @throws RoostError REQUEST_INVALID where `type` is missing or no text. */
export function typeName(type: unknown): string {
  if (typeof type === 'string' && type !== '') return type;
  const message =
    type === undefined
      ? 'is missing; GET /api/v1/task-types lists what there is'
      : 'must be the name of a task type';
  throw new RoostError('REQUEST_INVALID', `type ${message}`, [{ path: 'type', message }]);
}

function idempotencyKey(req: Request): { idempotencyKey?: string } {
  const key = req.headers['idempotency-key'];
  return typeof key === 'string' ? { idempotencyKey: key } : {};
}
