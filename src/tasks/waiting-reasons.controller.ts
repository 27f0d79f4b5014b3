import { Controller, Get, Param, Req } from '@nestjs/common';
import type { Request } from 'express';
import { RequirePermission } from '../auth/require-permission.js';
import { readQuery, shortText } from '../http/query.js';
import type { WhyView } from './waiting-reasons.js';
import { WaitingReasonsService } from './waiting-reasons.service.js';

/** REST endpoint that answers "Why isn't it running?". */
@Controller('api/v1/tasks')
@RequirePermission('tasks.read')
export class WaitingReasonsController {
  constructor(private readonly whys: WaitingReasonsService) {}

  @Get(':id/why')
  why(@Param('id') id: string, @Req() req: Request): Promise<WhyView> {
    return this.whys.why(id, readQuery(req.query, { queue: shortText(256) }).queue);
  }
}
