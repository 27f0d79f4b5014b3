import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../access/needs.js';
import { AuditService } from '../audit/audit.service.js';
import { RoostError } from '../contract/errors.js';
import { FrameService } from './frame.service.js';
import { toAuditPage } from './page-models/audit-page.js';
import type { Params } from './params.js';

/** Who did what. */
@ApiExcludeController()
@Controller('monitor/audit')
@Needs('audit.read')
export class AuditPageController {
  constructor(
    private readonly audit: AuditService,
    private readonly frames: FrameService,
  ) {}

  @Get()
  async show(@Query() query: Params, @Res() res: Response): Promise<void> {
    const frame = await this.frames.frame({ title: 'Audit', section: 'monitor' });
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
