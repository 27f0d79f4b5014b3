import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Catalog } from '../catalog/catalog.js';
import { TasksService } from '../tasks/tasks.service.js';
import { FrameService, LIVE_FLEET } from './frame.service.js';
import { OfferedQueues } from './offered-queues.js';
import { isTaskState, type ListQuery, readSearch, toHref, toListPage } from './page-models/task-list-page.js';
import { allOf, type Params, typed } from './params.js';

const PAGE_SIZE = 50;

@ApiExcludeController()
@Controller('tasks')
export class TaskListPageController {
  constructor(
    private readonly tasks: TasksService,
    private readonly catalog: Catalog,
    private readonly queues: OfferedQueues,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async list(@Query() query: Params, @Res() response: Response): Promise<void> {
    const known = { queues: [...this.queues.names], types: this.catalog.all().map((type) => type.name) };
    const search = typed(query, 'q');
    if (search) {
      const found = readSearch(search, known);
      response.redirect(303, 'id' in found ? `/tasks/${encodeURIComponent(found.id)}` : toHref(found.list));
      return;
    }
    const asked = readListQuery(query);
    const [frame, listing, counts] = await Promise.all([
      this.frames.frame({ title: 'Tasks', section: 'tasks', live: LIVE_FLEET, query }),
      this.tasks.list({ ...asked, limit: PAGE_SIZE }),
      this.tasks.counts(),
    ]);
    response.render('tasks/list', { ...frame, ...toListPage(listing, counts, asked, known) });
  }
}

function readListQuery(query: Params): ListQuery {
  return {
    states: allOf(query, 'state').filter(isTaskState),
    queue: typed(query, 'queue'),
    type: typed(query, 'type'),
    cursor: typed(query, 'cursor'),
  };
}
