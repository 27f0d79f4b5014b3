import { Controller, Get, Param } from '@nestjs/common';
import { Needs } from '../access/needs.js';
import type { WhyView } from './why-not-running.js';
import { WhyService } from './why.service.js';

/** "Why isn't it running?" over REST. */
@Controller('api/v1/tasks')
@Needs('tasks.read')
export class WhyController {
  constructor(private readonly whys: WhyService) {}

  @Get(':id/why')
  why(@Param('id') id: string): Promise<WhyView> {
    return this.whys.why(id);
  }
}
