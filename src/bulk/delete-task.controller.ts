import { Controller, Delete, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import { readQuery, shortText, wholeNumber } from '../http/query.js';
import { TasksService } from '../tasks/tasks.service.js';
import { LONGEST_UNDO_MS } from './bulk-request.js';
import type { BulkView } from './bulk-view.js';
import { BulkService } from './bulk.service.js';

/** Deleting one task over REST: at once, or as a bulk action of one that can be undone for a while. */
@Controller('api/v1/tasks')
@Needs('tasks.act')
export class DeleteTaskController {
  constructor(
    private readonly tasks: TasksService,
    private readonly bulks: BulkService,
  ) {}

  /** 204 once it is gone; 202 with `undoMs`, and where it can be undone. */
  @Delete(':id')
  async remove(
    @Param('id') id: string,
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<BulkView | undefined> {
    const { undoMs = 0, queue } = readQuery(req.query, {
      undoMs: wholeNumber(0, LONGEST_UNDO_MS),
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
