import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { RoostError } from '../model/errors.js';
import { HistoryTaskStreams } from '../events/history-task-streams.js';
import type { ArchivedTask } from '../events/task-stream.js';
import { TaskStreams } from '../events/task-streams.js';
import type { LocatedTask } from './located-task.js';
import { TaskQueries } from './task-queries.js';

/** Server-sent events of one task: sends a snapshot, then changes. `Last-Event-ID` resumes without a gap. */
@Controller('api/v1/tasks/:id/events')
@RequirePermission('tasks.read')
export class TaskEventsController {
  constructor(
    private readonly streams: TaskStreams,
    private readonly historyStreams: HistoryTaskStreams,
    private readonly queries: TaskQueries,
  ) {}

  /** Sends a task that only the history has once, or until it is finished where another program runs it. */
  @Get()
  async stream(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    const { queue } = req.query;
    const located = await this.queries.find(
      id,
      typeof queue === 'string' && queue !== '' ? queue : undefined,
    );
    if (located.redis) await this.streams.open(located.redis, this.archived(located), req, res);
    else await this.historyStreams.watch(() => this.archived(located).view(), req, res);
  }

  private archived({ id, queue }: LocatedTask): ArchivedTask {
    const open = () => this.queries.open(id, queue).catch(unlessGone);
    return {
      view: async () => (await open())?.view(),
      logs: async (after) => (await (await open())?.logs({ after }))?.items ?? [],
    };
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof RoostError && (error.status === 410 || error.status === 404)) return undefined;
  throw error;
}
