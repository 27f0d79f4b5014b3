import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { SharedClock } from '../platform/clock.js';
import { RequirePermission } from '../auth/require-permission.js';
import { actor } from '../auth/principal.js';
import { FINISHED_STATES } from '../model/states.js';
import { requireParsedBody, requireParsedBodyIfAny } from '../http/body-parsers.js';
import {
  oneEnd,
  oneOf,
  orderFields,
  orNone,
  readFields,
  reason,
  refuse,
  whole,
  yesOrNo,
} from '../http/body-fields.js';
import type { QueueDetail, QueueOutcome, QueueView } from './queues.openapi.js';
import { QueuesService } from './queues.service.js';

const DAY_MS = 86_400_000;
const MAX_AGE_MS = 10 * 366 * DAY_MS;

/** REST endpoints for queues: state, pause, limits, and commands on all tasks of a queue. */
@Controller('api/v1/queues')
@RequirePermission('queues.control')
export class QueuesController {
  constructor(
    private readonly queues: QueuesService,
    private readonly clock: SharedClock,
  ) {}

  @Get()
  @RequirePermission('tasks.read')
  async list(): Promise<{ items: QueueView[] }> {
    return { items: await this.queues.list() };
  }

  @Get(':name')
  @RequirePermission('tasks.read')
  get(@Param('name') name: string): Promise<QueueDetail> {
    return this.queues.get(name);
  }

  @Post(':name/pause')
  @HttpCode(200)
  async pause(@Param('name') name: string, @Req() req: Request): Promise<QueueDetail> {
    await this.queues.getManagedName(name);
    const order = readFields(optional(req), orderFields(this.clock.now()));
    oneEnd(order);
    return this.queues.pause(name, { by: actor(req, 'api'), ...order });
  }

  @Post(':name/resume')
  @HttpCode(200)
  async resume(@Param('name') name: string, @Req() req: Request): Promise<QueueDetail> {
    await this.queues.getManagedName(name);
    return this.queues.resume(name, { by: actor(req, 'api'), ...readFields(optional(req), { reason }) });
  }

  @Post(':name/drain')
  @HttpCode(200)
  async drain(@Param('name') name: string, @Req() req: Request): Promise<QueueOutcome> {
    await this.queues.getManagedName(name);
    const { delayed = false, ...order } = readFields(optional(req), { reason, delayed: yesOrNo });
    return this.queues.drain(name, { by: actor(req, 'api'), ...order, delayed });
  }

  @Post(':name/clean')
  @HttpCode(200)
  async clean(@Param('name') name: string, @Req() req: Request): Promise<QueueOutcome> {
    await this.queues.getManagedName(name);
    requireParsedBody(req, 'application/json');
    const { state, olderThanMs, ...order } = readFields(
      req.body,
      {
        state: oneOf(FINISHED_STATES),
        olderThanMs: whole(0, MAX_AGE_MS, 'milliseconds'),
        limit: whole(1, 10_000_000),
        reason,
      },
      ['state', 'olderThanMs'],
    );
    return this.queues.clean(name, {
      by: actor(req, 'api'),
      ...order,
      state: state!,
      olderThanMs: olderThanMs!,
    });
  }

  @Post(':name/promote')
  @HttpCode(200)
  async promote(@Param('name') name: string, @Req() req: Request): Promise<QueueOutcome> {
    await this.queues.getManagedName(name);
    return this.queues.promote(name, { by: actor(req, 'api'), ...readFields(optional(req), { reason }) });
  }

  @Post(':name/concurrency')
  @HttpCode(200)
  async concurrency(@Param('name') name: string, @Req() req: Request): Promise<QueueDetail> {
    await this.queues.getManagedName(name);
    requireParsedBody(req, 'application/json');
    const { value, ...order } = readFields(
      req.body,
      { value: orNone(whole(1, 100_000)), ...orderFields(this.clock.now()) },
      ['value'],
    );
    oneEnd(order);
    if (value === null) refuseEnd(order);
    return this.queues.setConcurrency(name, value!, { by: actor(req, 'api'), ...order });
  }

  @Post(':name/rate-limit')
  @HttpCode(200)
  async rateLimit(@Param('name') name: string, @Req() req: Request): Promise<QueueDetail> {
    await this.queues.getManagedName(name);
    requireParsedBody(req, 'application/json');
    const { max, perMs, ...order } = readFields(
      req.body,
      {
        max: orNone(whole(1, 100_000)),
        perMs: whole(1, DAY_MS, 'milliseconds'),
        ...orderFields(this.clock.now()),
      },
      ['max'],
    );
    oneEnd(order);
    if (max == null) {
      refuse(
        perMs === undefined
          ? []
          : [{ path: 'perMs', message: 'cannot be given when the limit is lifted; leave it out' }],
      );
      refuseEnd(order);
      return this.queues.setRateLimit(name, null, { by: actor(req, 'api'), ...order });
    }
    if (perMs === undefined)
      refuse([
        {
          path: 'perMs',
          message: `is missing; it must be a whole number of milliseconds from 1 to ${DAY_MS}`,
        },
      ]);
    return this.queues.setRateLimit(name, { max, perMs: perMs! }, { by: actor(req, 'api'), ...order });
  }
}

function optional(req: Request): unknown {
  requireParsedBodyIfAny(req, 'application/json');
  return req.body ?? {};
}

/** Refuses an end time for a request that lifts a limit. */
function refuseEnd(order: { until?: number; forMs?: number }): void {
  const given = (['until', 'forMs'] as const).filter((name) => order[name] !== undefined);
  refuse(given.map((path) => ({ path, message: 'cannot be given when the limit is lifted; leave it out' })));
}
