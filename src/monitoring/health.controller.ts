import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import type { Redis } from 'ioredis';
import { Public } from '../access/needs.js';
import { EventTail } from '../events/event-tail.js';
import { FleetService } from '../fleet/fleet.service.js';
import { isHere } from '../fleet/worker-view.js';
import { COMMANDS } from '../queue/tokens.js';

type Check = { ok: boolean; detail?: string };

/** For load balancers and supervisors: `live` means the process answers, `ready` that tasks get through. */
@Controller('health')
@Public()
export class HealthController {
  constructor(
    @Inject(COMMANDS) private readonly redis: Redis,
    private readonly tail: EventTail,
    private readonly fleet: FleetService,
  ) {}

  @Get('live')
  live(): { status: string } {
    return { status: 'ok' };
  }

  /** 200 when Redis answers, events flow and a worker is there; else 503, with what is missing. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) res: Response) {
    const checks = {
      redis: await this.redisCheck(),
      events: this.eventsCheck(),
      workers: await this.workersCheck(),
    };
    const ok = Object.values(checks).every((check) => check.ok);
    res.status(ok ? 200 : 503);
    return { status: ok ? 'ok' : 'unavailable', checks };
  }

  private async redisCheck(): Promise<Check> {
    if (this.redis.status !== 'ready') return { ok: false, detail: 'Redis does not answer' };
    return this.redis.ping().then(
      () => ({ ok: true }),
      () => ({ ok: false, detail: 'Redis does not answer' }),
    );
  }

  private eventsCheck(): Check {
    return this.tail.flowing
      ? { ok: true }
      : { ok: false, detail: 'the event streams have not been read for a while' };
  }

  private async workersCheck(): Promise<Check> {
    if (this.redis.status !== 'ready') return { ok: false, detail: 'not known while Redis does not answer' };
    const workers = await this.fleet.list().catch(() => []);
    return workers.some(isHere) ? { ok: true } : { ok: false, detail: 'no worker is there' };
  }
}
