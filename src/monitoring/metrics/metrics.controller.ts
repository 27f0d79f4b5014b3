import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { RequirePermission } from '../../auth/require-permission.js';
import { MetricsService } from './metrics.service.js';

/** Endpoint that Prometheus scrapes. */
@Controller('metrics')
@RequirePermission('metrics.read')
export class MetricsController {
  constructor(private readonly metrics: MetricsService) {}

  @Get()
  async write(@Res() response: Response): Promise<void> {
    const text = await this.metrics.text();
    response.setHeader('cache-control', 'no-store');
    response.setHeader('content-type', this.metrics.contentType);
    response.end(text);
  }
}
