import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { RoostError } from '../model/errors.js';
import type { TaskView } from '../model/task-view.js';
import { requireParsedBody } from '../http/body-parsers.js';
import { oneOf, readFields } from '../http/body-fields.js';
import { taskNotFound } from '../bullmq/task-not-found.js';
import { Queues } from '../bullmq/shared-queues.js';
import { TaskBatches } from './task-batches.js';
import { commandUnavailable, TaskFinder } from './task-finder.js';

/** Moves a task that has not started to another queue. */
@Controller('api/v1/tasks/:id/move')
@RequirePermission('tasks.act')
export class TaskCommandsController {
  constructor(
    private readonly finder: TaskFinder,
    private readonly batches: TaskBatches,
    private readonly queues: Queues,
  ) {}

  @Post()
  @HttpCode(200)
  async move(@Param('id') id: string, @Req() req: Request): Promise<TaskView> {
    const known = await this.finder.find(id);
    requireParsedBody(req, 'application/json');
    const { queue } = readFields(req.body, { queue: oneOf(this.queues.names()) }, ['queue']);
    if (!known.live) throw commandUnavailable(known);
    const [moved] = await this.batches.moveMany([{ queue: known.queue, id }], queue!);
    const now = await this.finder.find(id);
    if (moved?.outcome === 'done') return this.finder.view(now);
    if (!now.live) throw taskNotFound(id);
    throw new RoostError(
      'TASK_STATE_CONFLICT',
      `The task cannot be moved: ${moved?.detail ?? 'it is not where it was'}. Only waiting and delayed tasks can be moved to another queue.`,
      undefined,
      { state: now.live.record.state },
    );
  }
}
