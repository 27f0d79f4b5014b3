import { Controller, Delete, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { actor } from '../auth/principal.js';
import { readQuery, shortText, wholeNumber } from '../http/query.js';
import { TasksService } from '../tasks/tasks.service.js';
import { MAX_UNDO_MS } from './bulk-request.js';
import type { BulkView } from './bulk-view.js';
import { BulkActionsService } from './bulk-actions.service.js';

/** REST endpoint that deletes one task: at once, or as a bulk action of one task that can be undone for a while. */
@Controller('api/v1/tasks')
@RequirePermission('tasks.act')
export class DeleteTaskController {
  constructor(
    private readonly tasks: TasksService,
    private readonly bulks: BulkActionsService,
  ) {}

  /** Answers 204 once the task is deleted; 202 with `undoMs`, with the link that undoes it. */
  @Delete(':id')
  async remove(
    @Param('id') id: string,
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<BulkView | undefined> {
    const { undoMs = 0, queue } = readQuery(req.query, {
      undoMs: wholeNumber(0, MAX_UNDO_MS),
      queue: shortText(256),
    });
    if (undoMs === 0) {
      await this.tasks.remove(id, queue);
      res.status(204);
      return undefined;
    }
    const by = actor('api');
    const bulk = await this.bulks.deleteOne(id, { by, undoMs, ...(queue === undefined ? {} : { queue }) });
    res.location(bulk.links.self);
    res.status(202);
    return bulk;
  }
}
