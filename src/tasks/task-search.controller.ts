import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { revealFlag, revealing } from '../auth/reveal-redacted.js';
import { readQuery, shortText, wholeNumber } from '../http/query.js';
import { sendPieces } from '../http/send-pieces.js';
import { SEARCH_PARAMS, type SearchParams } from '../search/search-params.js';
import { SearchService } from '../search/search.service.js';
import { Suggester } from '../search/suggester.js';
import type { Suggestions } from '../search/search.openapi.js';
import { EXPORT_FORMATS, EXPORT_TYPES, TaskExport, type ExportFormat } from '../search/task-export.js';

const MAX_LENGTH = 4_096;

/** Readers that only check the length. The query parser validates the content and reports problems in more detail. */
const READERS = Object.fromEntries(SEARCH_PARAMS.map((name) => [name, shortText(MAX_LENGTH)])) as Record<
  keyof SearchParams,
  (text: string) => string
>;

/** REST endpoints that list, suggest and export tasks. */
@Controller('api/v1/tasks')
@RequirePermission('tasks.read')
export class TaskSearchController {
  constructor(
    private readonly search: SearchService,
    private readonly suggester: Suggester,
    private readonly exports: TaskExport,
  ) {}

  @Get()
  async list(@Req() req: Request, @Res() res: Response): Promise<void> {
    const { bytes, etag } = await this.search.list(
      readQuery(req.query, { ...READERS, cursor: shortText(1_000), limit: wholeNumber(1, 200) }),
    );
    res.type('application/json');
    if (etag !== undefined) res.set('ETag', etag);
    res.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
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
  @RequirePermission('tasks.export')
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
    await sendPieces(res, this.exports.write(filter, format), {
      'Content-Disposition': `attachment; filename=${fileName(format, new Date())}`,
      'Content-Type': EXPORT_TYPES[format],
      'Cache-Control': 'no-store',
    });
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
