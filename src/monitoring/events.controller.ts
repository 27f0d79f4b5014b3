import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LiveHub } from '../events/live-hub.js';
import { lastEventId, SseConnection } from '../events/sse-connection.js';
import { TaskWatches } from '../events/task-watches.js';
import { missingTask } from '../queue/missing-task.js';
import { JOB_ID } from '../queue/task-ids.js';
import { TaskReader } from '../queue/task-reader.js';

/** Server-sent events: a snapshot, then changes; `Last-Event-ID` resumes without a gap. */
@Controller('api/v1')
export class EventsController {
  constructor(
    private readonly hub: LiveHub,
    private readonly watches: TaskWatches,
    private readonly reader: TaskReader,
  ) {}

  @Get('events')
  async all(@Req() req: Request, @Res() res: Response): Promise<void> {
    await this.reader.stats('default');
    const connection: SseConnection = new SseConnection(res, () => this.hub.remove(connection));
    await this.hub.add(connection, lastEventId(req));
  }

  @Get('tasks/:id/events')
  async one(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    const found = JOB_ID.test(id) ? await this.reader.find(id) : undefined;
    if (!found) throw missingTask(id);
    await this.watches.open(found, req, res);
  }
}
