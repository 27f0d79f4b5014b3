import { MAX_TIMER_MS } from '../task-api/delays.js';
import { Controller, Delete, Get, Param, Put, Req } from '@nestjs/common';
import type { Request } from 'express';
import { SharedClock } from '../platform/clock.js';
import { RequirePermission } from '../auth/require-permission.js';
import { actor } from '../auth/principal.js';
import { requireParsedBody, requireParsedBodyIfAny } from '../http/body-parsers.js';
import { oneEnd, orderFields, orNone, rate, readFields, refuse, whole } from '../http/body-fields.js';
import { LIMIT_NAMES } from './limit-override.js';
import type { TypeLimits } from './limits.openapi.js';
import { LimitsService } from './limits.service.js';

const timeout = orNone(whole(1, MAX_TIMER_MS, 'milliseconds'));

/** REST endpoints for the limits of task types. */
@Controller('api/v1/limits')
@RequirePermission('limits.set')
export class LimitsController {
  constructor(
    private readonly limits: LimitsService,
    private readonly clock: SharedClock,
  ) {}

  @Get()
  @RequirePermission('tasks.read')
  async list(): Promise<{ items: TypeLimits[] }> {
    return { items: await this.limits.list() };
  }

  @Get(':type')
  @RequirePermission('tasks.read')
  get(@Param('type') type: string): Promise<TypeLimits> {
    return this.limits.get(type);
  }

  @Put(':type')
  set(@Param('type') type: string, @Req() req: Request): Promise<TypeLimits> {
    this.limits.getType(type);
    requireParsedBody(req, 'application/json');
    const { reason, until, forMs, ...values } = readFields(req.body, {
      softTimeoutMs: timeout,
      hardTimeoutMs: timeout,
      rate: orNone(rate),
      concurrency: orNone(whole(1, 100_000)),
      ...orderFields(this.clock.now()),
    });
    const ends = { ...(until === undefined ? {} : { until }), ...(forMs === undefined ? {} : { forMs }) };
    oneEnd(ends);
    if (Object.keys(values).length === 0) {
      refuse([{ path: 'body', message: `names no limit; give at least one of: ${LIMIT_NAMES.join(', ')}` }]);
    }
    return this.limits.set(type, values, { by: actor(req, 'api'), ...(reason ? { reason } : {}), ...ends });
  }

  @Delete(':type')
  reset(@Param('type') type: string, @Req() req: Request): Promise<TypeLimits> {
    this.limits.getType(type);
    requireParsedBodyIfAny(req, 'application/json');
    return this.limits.reset(type);
  }
}
