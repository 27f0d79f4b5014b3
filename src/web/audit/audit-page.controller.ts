import { Controller, Get, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { AuditService } from '../../audit/audit.service.js';
import { RoostError } from '../../model/errors.js';
import { PageShellService } from '../kit/page-shell.service.js';
import { toAuditPage } from './audit-page.js';
import type { Params } from '../kit/params.js';

/** Page of the audit log. */
@Controller('monitor/audit')
@RequirePermission('audit.read')
export class AuditPageController {
  constructor(
    private readonly audit: AuditService,
    private readonly shells: PageShellService,
  ) {}

  @Get()
  async show(@Query() query: Params, @Res() res: Response): Promise<void> {
    const frame = await this.shells.frame({ title: 'Audit', section: 'system' });
    try {
      const page = await this.audit.list(this.audit.read(query));
      res.render('monitor/audit', { ...frame, page: toAuditPage(page, query) });
    } catch (error) {
      if (!(error instanceof RoostError) || error.code !== 'QUERY_INVALID') throw error;
      res.status(400);
      res.render('monitor/audit', { ...frame, page: toAuditPage({ items: [] }, query, error.fields) });
    }
  }
}
