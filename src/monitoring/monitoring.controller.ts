import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { Queues } from '../queue/queues.js';
import { RoostError } from '../contract/errors.js';
import { MonitoringService, type MonitorOverview, type QueueOverview } from './monitoring.service.js';

/** Queues, workers and Redis over REST. */
@Controller('api/v1')
export class MonitoringController {
  constructor(
    private readonly monitoring: MonitoringService,
    private readonly registry: Queues,
  ) {}

  @Get('monitor')
  overview(): Promise<MonitorOverview> {
    return this.monitoring.overview();
  }

  @Get('queues')
  async queues(): Promise<{ items: QueueOverview[] }> {
    return { items: await this.monitoring.queues() };
  }

  @Get('queues/:name')
  async queue(@Param('name') name: string): Promise<QueueOverview> {
    const found = (await this.monitoring.queues()).find((queue) => queue.name === name);
    if (!found) {
      throw new RoostError(
        'QUEUE_NOT_FOUND',
        `There is no queue \`${name.slice(0, 64)}\`. There are: ${this.registry.names().join(', ')}.`,
      );
    }
    return found;
  }

  /** Workers finish what they run and take nothing new from this queue. */
  @Post('queues/:name/pause')
  @HttpCode(200)
  async pause(@Param('name') name: string): Promise<QueueOverview> {
    await this.registry.get(name).pause();
    return this.queue(name);
  }

  @Post('queues/:name/resume')
  @HttpCode(200)
  async resume(@Param('name') name: string): Promise<QueueOverview> {
    await this.registry.get(name).resume();
    return this.queue(name);
  }
}
