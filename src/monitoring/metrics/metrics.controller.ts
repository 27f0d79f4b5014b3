import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../../access/needs.js';
import { MetricsService } from './metrics.service.js';

/** For Prometheus. */
@ApiExcludeController()
@Controller('metrics')
@Needs('metrics.read')
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
