import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Needs } from '../access/needs.js';
import { RoostError } from '../contract/errors.js';
import { QUEUE_NAMES } from '../contract/queues.js';
import type { TaskView } from '../contract/task-view.js';
import { requireParsedBody } from '../http/body-parsers.js';
import { oneOf, readFields } from '../http/body-fields.js';
import { missingTask } from '../queue/missing-task.js';
import { TaskBatches } from './task-batches.js';
import { notActedOn, TaskFinder } from './task-finder.js';

/** Into another queue, as long as it has not started. */
@Controller('api/v1/tasks/:id/move')
@Needs('tasks.act')
export class MoveController {
  constructor(
    private readonly finder: TaskFinder,
    private readonly batches: TaskBatches,
  ) {}

  @Post()
  @HttpCode(200)
  async move(@Param('id') id: string, @Req() req: Request): Promise<TaskView> {
    const known = await this.finder.find(id);
    requireParsedBody(req, 'application/json');
    const { queue } = readFields(req.body, { queue: oneOf(QUEUE_NAMES) }, ['queue']);
    if (!known.live) throw notActedOn(known);
    const [moved] = await this.batches.moveMany([{ queue: known.queue, id }], queue!);
    const now = await this.finder.find(id);
    if (moved?.outcome === 'done') return this.finder.view(now);
    if (!now.live) throw missingTask(id);
    throw new RoostError(
      'TASK_STATE_CONFLICT',
      `The task cannot be moved: ${moved?.detail ?? 'it is not where it was'}. Only waiting and delayed tasks can be moved to another queue.`,
      undefined,
      { state: now.live.record.state },
    );
  }
}
