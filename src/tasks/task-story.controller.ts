import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Needs } from '../access/needs.js';
import type { TaskView } from '../contract/task-view.js';
import { revealFlag, revealing } from '../access/reveal.js';
import { readQuery, shortText, wholeNumber } from '../http/query.js';
import { abandonedBy } from './abandoned.js';
import type { KnownTask } from './known-task.js';
import { TaskFinder } from './task-finder.js';
import { TaskStory } from './task-story.js';
import { TasksService } from './tasks.service.js';

/** Of which queue; needed for tasks of other programs alone. */
const QUEUE = { queue: shortText(256) };

/** With what the rules of REDACT hide; for who may see it. */
const REVEAL = { reveal: revealFlag };

/** One task over REST, and what happened to it: from Redis while it is there, else from the history. */
@Controller('api/v1/tasks/:id')
@Needs('tasks.read')
export class TaskStoryController {
  constructor(
    private readonly tasks: TasksService,
    private readonly finder: TaskFinder,
    private readonly story: TaskStory,
  ) {}

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
        ? this.tasks.waitUntilSettled(id, wait * 1000, abandonedBy(res), queue)
        : this.tasks.get(id, queue),
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
    return revealing(req, reveal, async () => this.story.logs(await this.finder.find(id, queue), page));
  }

  @Get('attempts')
  async attempts(@Param('id') id: string, @Req() req: Request) {
    return this.told(id, req, (known) => this.story.attempts(known));
  }

  @Get('transitions')
  async transitions(@Param('id') id: string, @Req() req: Request) {
    return this.told(id, req, (known) => this.story.transitions(known));
  }

  @Get('progress')
  async progress(@Param('id') id: string, @Req() req: Request) {
    return this.told(id, req, (known) => this.story.progress(known));
  }

  @Get('input')
  input(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    return this.download(id, 'input', req, res);
  }

  @Get('result')
  result(@Param('id') id: string, @Req() req: Request, @Res() res: Response): Promise<void> {
    return this.download(id, 'result', req, res);
  }

  private async download(id: string, part: 'input' | 'result', req: Request, res: Response): Promise<void> {
    const { queue, reveal = false } = readQuery(req.query, { ...QUEUE, ...REVEAL });
    const known = await this.finder.find(id, queue);
    const value = await revealing(req, reveal, () => this.story.body(known, part));
    // An id has characters of our choice, except where it is another program's.
    const name = `${known.id.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}-${part}.json`;
    res.set('Content-Disposition', `attachment; filename="${name}"`);
    res.type('application/json').send(`${JSON.stringify(value, null, 2)}\n`);
  }

  private told<Item>(id: string, req: Request, read: (known: KnownTask) => Promise<Item[]>) {
    const { queue, reveal = false } = readQuery(req.query, { ...QUEUE, ...REVEAL });
    return revealing(req, reveal, async () => ({ items: await read(await this.finder.find(id, queue)) }));
  }
}
