import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Needs } from '../access/needs.js';
import type { TaskPage } from '../contract/task-view.js';
import { revealFlag, revealing } from '../access/reveal.js';
import { readQuery, shortText, wholeNumber } from '../http/query.js';
import { SEARCH_PARAMS, type SearchParams } from './search-params.js';
import { SearchService } from './search.service.js';
import { Suggester, type Suggestions } from './suggester.js';
import { EXPORT_FORMATS, EXPORT_TYPES, TaskExport, type ExportFormat } from './task-export.js';

const MAX_LENGTH = 4_096;

/** Each is looked at by the query itself, which says more of what is wrong. */
const READERS = Object.fromEntries(SEARCH_PARAMS.map((name) => [name, shortText(MAX_LENGTH)])) as Record<
  keyof SearchParams,
  (text: string) => string
>;

/** Finding tasks over REST. */
@Controller('api/v1/tasks')
@Needs('tasks.read')
export class SearchController {
  constructor(
    private readonly search: SearchService,
    private readonly suggester: Suggester,
    private readonly exports: TaskExport,
  ) {}

  @Get()
  list(@Req() req: Request): Promise<TaskPage> {
    return this.search.list(
      readQuery(req.query, { ...READERS, cursor: shortText(1_000), limit: wholeNumber(1, 200) }),
    );
  }

  @Get('suggest')
  suggest(@Req() req: Request): Promise<Suggestions> {
    const { q = '', at = q.length } = readQuery(req.query, {
      q: shortText(MAX_LENGTH),
      at: wholeNumber(0, MAX_LENGTH),
    });
    return this.suggester.suggest(q, at);
  }

  @Get('export')
  @Needs('tasks.export')
  async export(@Req() req: Request, @Res() res: Response): Promise<void> {
    const {
      format = 'csv',
      reveal = false,
      ...params
    } = readQuery(req.query, { ...READERS, format: exportFormat, reveal: revealFlag });
    await revealing(req, reveal, () => this.write(params, format, res));
  }

  private async write(params: SearchParams, format: ExportFormat, res: Response): Promise<void> {
    const { filter } = this.search.parse(params);
    const text = this.exports.write(filter, format);
    // What goes wrong at once is a problem document, not a file that breaks off.
    const first = await text.next();
    res.attachment(fileName(format, new Date()));
    res.setHeader('Content-Type', EXPORT_TYPES[format]);
    res.setHeader('Cache-Control', 'no-store');
    const whole = async function* () {
      try {
        if (!first.done) yield first.value;
        yield* text;
      } finally {
        await text.return(undefined);
      }
    };
    try {
      await pipeline(Readable.from(whole()), res);
    } catch (error) {
      // Who hangs up needs no answer; all else ends the file in the middle, so that it is not taken for whole.
      if (!res.destroyed && !res.writableEnded) throw error;
    }
  }
}

function exportFormat(text: string): ExportFormat {
  const format = EXPORT_FORMATS.find((one) => one === text);
  if (!format) throw new Error(`must be ${EXPORT_FORMATS.join(' or ')}`);
  return format;
}

function fileName(format: ExportFormat, now: Date): string {
  return `roost-tasks-${now.toISOString().slice(0, 16).replace('T', '-').replace(':', '')}.${format}`;
}
