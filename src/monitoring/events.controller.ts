import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { LiveHub } from '../events/live-hub.js';
import { lastEventId, SseConnection } from '../events/sse-connection.js';
import { TaskReader } from '../bullmq/task-reader.js';

/** Server-sent events of all tasks: sends a snapshot, then changes. `Last-Event-ID` resumes without a gap. */
@Controller('api/v1/events')
@RequirePermission('tasks.read')
export class EventsController {
  constructor(
    private readonly hub: LiveHub,
    private readonly reader: TaskReader,
  ) {}

  @Get()
  async stream(@Req() req: Request, @Res() res: Response): Promise<void> {
    await this.reader.stats('default');
    const connection: SseConnection = new SseConnection(res, () => this.hub.remove(connection));
    await this.hub.add(connection, lastEventId(req));
  }
}
