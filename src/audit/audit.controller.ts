import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { sendPieces } from '../http/send-pieces.js';
import type { AuditPage } from './audit.openapi.js';
import { type AuditFormat, AuditService } from './audit.service.js';

const TYPES: Record<AuditFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** Audit over REST. */
@Controller('api/v1/audit')
@RequirePermission('audit.read')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  list(@Req() req: Request): Promise<AuditPage> {
    return this.audit.list(this.audit.read(req.query));
  }

  @Get('export')
  async export(@Req() req: Request, @Res() res: Response): Promise<void> {
    const { filter, format } = this.audit.readExport(req.query);
    await sendPieces(res, this.audit.write(filter, format), {
      'Content-Type': TYPES[format],
      'Content-Disposition': `attachment; filename="roost-audit.${format}"`,
    });
  }
}
