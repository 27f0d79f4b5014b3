import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { RoostError } from '../model/errors.js';
import { HistoryTaskStreams } from '../events/history-task-streams.js';
import { LiveHub } from '../events/live-hub.js';
import { lastEventId, SseConnection } from '../events/sse-connection.js';
import type { ArchivedTask } from '../events/task-stream.js';
import { TaskStreams } from '../events/task-streams.js';
import { TaskReader } from '../bullmq/task-reader.js';
import type { LocatedTask } from '../tasks/located-task.js';
import { TaskFinder } from '../tasks/task-finder.js';
import { TaskTimeline } from '../tasks/task-timeline.js';

/** Server-sent events: sends a snapshot, then changes. `Last-Event-ID` resumes without a gap. */
@Controller('api/v1')
@RequirePermission('tasks.read')
export class EventsController {
  constructor(
    private readonly hub: LiveHub,
    private readonly watches: TaskStreams,
    private readonly keptWatches: HistoryTaskStreams,
    private readonly reader: TaskReader,
    private readonly finder: TaskFinder,
    private readonly timeline: TaskTimeline,
  ) {}

  @Get('events')
  async all(@Req() req: Request, @Res() res: Response): Promise<void> {
    await this.reader.stats('default');
    const connection: SseConnection = new SseConnection(res, () => this.hub.remove(connection));
    await this.hub.add(connection, lastEventId(req));
  }

  /**
   * Streams one task. A task that only the history has is sent once, or until it is finished where another program runs it.
   */
  @Get('tasks/:id/events')
  async one(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    const { queue } = req.query;
    const known = await this.finder.find(id, typeof queue === 'string' && queue !== '' ? queue : undefined);
    if (known.live) await this.watches.open(known.live, this.kept(known), req, res);
    else await this.keptWatches.watch(() => this.kept(known).view(), req, res);
  }

  private kept({ id, queue }: LocatedTask): ArchivedTask {
    const find = () => this.finder.find(id, queue).catch(unlessGone);
    return {
      view: async () => {
        const known = await find();
        return known && this.finder.view(known);
      },
      logs: async (after) => {
        const known = await find();
        return known ? (await this.timeline.logs(known, { after })).items : [];
      },
    };
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof RoostError && (error.status === 410 || error.status === 404)) return undefined;
  throw error;
}
