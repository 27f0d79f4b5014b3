import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Needs } from '../access/needs.js';
import { type AuditFormat, type AuditPage, AuditService } from './audit.service.js';

const TYPES: Record<AuditFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** Who did what, over REST. */
@Controller('api/v1/audit')
@Needs('audit.read')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  list(@Req() req: Request): Promise<AuditPage> {
    return this.audit.list(this.audit.read(req.query));
  }

  @Get('export')
  async export(@Req() req: Request, @Res() res: Response): Promise<void> {
    const { filter, format } = this.audit.readExport(req.query);
    res.setHeader('Content-Type', TYPES[format]);
    res.setHeader('Content-Disposition', `attachment; filename="roost-audit.${format}"`);
    // Who leaves early has the reading end with them.
    await pipeline(Readable.from(this.audit.write(filter, format)), res).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    });
  }
}
