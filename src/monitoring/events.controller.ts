import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Needs } from '../access/needs.js';
import { RoostError } from '../contract/errors.js';
import { KeptWatches } from '../events/kept-watches.js';
import { LiveHub } from '../events/live-hub.js';
import { lastEventId, SseConnection } from '../events/sse-connection.js';
import type { KeptTask } from '../events/task-watch.js';
import { TaskWatches } from '../events/task-watches.js';
import { TaskReader } from '../queue/task-reader.js';
import type { KnownTask } from '../tasks/known-task.js';
import { TaskFinder } from '../tasks/task-finder.js';
import { TaskStory } from '../tasks/task-story.js';

/** Server-sent events: a snapshot, then changes; `Last-Event-ID` resumes without a gap. */
@Controller('api/v1')
@Needs('tasks.read')
export class EventsController {
  constructor(
    private readonly hub: LiveHub,
    private readonly watches: TaskWatches,
    private readonly keptWatches: KeptWatches,
    private readonly reader: TaskReader,
    private readonly finder: TaskFinder,
    private readonly story: TaskStory,
  ) {}

  @Get('events')
  async all(@Req() req: Request, @Res() res: Response): Promise<void> {
    await this.reader.stats('default');
    const connection: SseConnection = new SseConnection(res, () => this.hub.remove(connection));
    await this.hub.add(connection, lastEventId(req));
  }

  /** A task that only the history has is told once, or until it is settled where another program runs it. */
  @Get('tasks/:id/events')
  async one(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    const { queue } = req.query;
    const known = await this.finder.find(id, typeof queue === 'string' && queue !== '' ? queue : undefined);
    if (known.live) await this.watches.open(known.live, this.kept(known), req, res);
    else await this.keptWatches.watch(() => this.kept(known).view(), req, res);
  }

  private kept({ id, queue }: KnownTask): KeptTask {
    const find = () => this.finder.find(id, queue).catch(unlessGone);
    return {
      view: async () => {
        const known = await find();
        return known && this.finder.view(known);
      },
      logs: async (after) => {
        const known = await find();
        return known ? (await this.story.logs(known, { after })).items : [];
      },
    };
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof RoostError && (error.status === 410 || error.status === 404)) return undefined;
  throw error;
}
