import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { toIndentedJson } from '../model/lenient-json.js';
import type { TaskView } from '../model/task-view.js';
import { revealFlag, revealing } from '../auth/reveal-redacted.js';
import { readQuery, shortText, wholeNumber } from '../http/query.js';
import { requestAborted } from './request-aborted.js';
import { TaskQueries } from './task-queries.js';
import type { TaskTimeline } from './task-timeline.js';
import type { WhyView } from './task-queries.openapi.js';

/** Queue of the task; required only for tasks of other programs. */
const QUEUE = { queue: shortText(256) };

/** Includes values hidden by the REDACT rules; requires the permission `secrets.reveal`. */
const REVEAL = { reveal: revealFlag };

/** REST endpoints of one task and its timeline. Reads Redis while it has the task, otherwise the history. */
@Controller('api/v1/tasks/:id')
@RequirePermission('tasks.read')
export class TaskQueriesController {
  constructor(private readonly queries: TaskQueries) {}

  @Get()
  async get(
    @Param('id') id: string,
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
  ): Promise<TaskView> {
    const {
      wait,
      queue,
      reveal = false,
    } = readQuery(req.query, {
      wait: wholeNumber(0, 30),
      ...QUEUE,
      ...REVEAL,
    });
    return revealing(req, reveal, () =>
      wait
        ? this.queries.waitUntilFinished(id, { timeoutMs: wait * 1000, over: requestAborted(res), queue })
        : this.queries.get(id, queue),
    );
  }

  @Get('logs')
  async logs(@Param('id') id: string, @Req() req: Request) {
    const {
      queue,
      reveal = false,
      ...page
    } = readQuery(req.query, {
      ...{ after: wholeNumber(0, 1e12), limit: wholeNumber(1, 1000) },
      ...{ ...QUEUE, ...REVEAL },
    });
    return revealing(req, reveal, async () => (await this.queries.open(id, queue)).logs(page));
  }

  @Get('attempts')
  async attempts(@Param('id') id: string, @Req() req: Request) {
    return this.listItems(id, req, (timeline) => timeline.attempts());
  }

  @Get('transitions')
  async transitions(@Param('id') id: string, @Req() req: Request) {
    return this.listItems(id, req, (timeline) => timeline.transitions());
  }

  @Get('progress')
  async progress(@Param('id') id: string, @Req() req: Request) {
    return this.listItems(id, req, (timeline) => timeline.progress());
  }

  @Get('input')
  input(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    return this.download(id, 'input', req, res);
  }

  @Get('result')
  result(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    return this.download(id, 'result', req, res);
  }

  /** Answers "Why isn't it running?". */
  @Get('why')
  async why(@Param('id') id: string, @Req() req: Request): Promise<WhyView> {
    return this.queries.whyWaiting(await this.queries.open(id, readQuery(req.query, QUEUE).queue));
  }

  private async download(id: string, part: 'input' | 'result', req: Request, res: Response): Promise<void> {
    const { queue, reveal = false } = readQuery(req.query, { ...QUEUE, ...REVEAL });
    const timeline = await this.queries.open(id, queue);
    const value = await revealing(req, reveal, () => timeline.body(part));
    // Ids of other programs may contain any character.
    const name = `${timeline.located.id.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}-${part}.json`;
    res.set('Content-Disposition', `attachment; filename="${name}"`);
    res.type('application/json').send(`${toIndentedJson(value)}\n`);
  }

  private listItems<Item>(id: string, req: Request, read: (timeline: TaskTimeline) => Promise<Item[]>) {
    const { queue, reveal = false } = readQuery(req.query, { ...QUEUE, ...REVEAL });
    return revealing(req, reveal, async () => ({ items: await read(await this.queries.open(id, queue)) }));
  }
}
