import { Controller, Get, HttpCode, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Needs } from '../access/needs.js';
import { actor } from '../access/visitor.js';
import { SETTLED_STATES } from '../contract/states.js';
import { requireParsedBody, requireParsedBodyIfAny } from '../http/body-parsers.js';
import {
  oneEnd,
  oneOf,
  ORDER_FIELDS,
  orNone,
  readFields,
  reason,
  refuse,
  whole,
  yesOrNo,
} from '../http/body-fields.js';
import type { QueueDetail, QueueView } from './queue-view.js';
import { QueuesService, type Outcome } from './queues.service.js';

const DAY_MS = 86_400_000;
const YEARS_MS = 10 * 366 * DAY_MS;

/** Queues over REST: what they hold, what holds them back, and acting on all of their tasks. */
@Controller('api/v1/queues')
@Needs('queues.control')
export class QueuesController {
  constructor(private readonly queues: QueuesService) {}

  @Get()
  @Needs('tasks.read')
  async list(): Promise<{ items: QueueView[] }> {
    return { items: await this.queues.list() };
  }

  @Get(':name')
  @Needs('tasks.read')
  get(@Param('name') name: string): Promise<QueueDetail> {
    return this.queues.get(name);
  }

  @Post(':name/pause')
  @HttpCode(200)
  pause(@Param('name') name: string, @Req() req: Request): Promise<QueueDetail> {
    this.queues.known(name);
    const order = readFields(optional(req), ORDER_FIELDS);
    oneEnd(order);
    return this.queues.pause(name, { by: actor('api'), ...order });
  }

  @Post(':name/resume')
  @HttpCode(200)
  resume(@Param('name') name: string, @Req() req: Request): Promise<QueueDetail> {
    this.queues.known(name);
    return this.queues.resume(name, { by: actor('api'), ...readFields(optional(req), { reason }) });
  }

  @Post(':name/drain')
  @HttpCode(200)
  drain(@Param('name') name: string, @Req() req: Request): Promise<Outcome> {
    this.queues.known(name);
    const { delayed = false, ...order } = readFields(optional(req), { reason, delayed: yesOrNo });
    return this.queues.drain(name, { by: actor('api'), ...order, delayed });
  }

  @Post(':name/clean')
  @HttpCode(200)
  clean(@Param('name') name: string, @Req() req: Request): Promise<Outcome> {
    this.queues.known(name);
    requireParsedBody(req, 'application/json');
    const { state, olderThanMs, ...order } = readFields(
      req.body,
      {
        state: oneOf(SETTLED_STATES),
        olderThanMs: whole(0, YEARS_MS, 'milliseconds'),
        limit: whole(1, 10_000_000),
        reason,
      },
      ['state', 'olderThanMs'],
    );
    return this.queues.clean(name, { by: actor('api'), ...order, state: state!, olderThanMs: olderThanMs! });
  }

  @Post(':name/promote')
  @HttpCode(200)
  promote(@Param('name') name: string, @Req() req: Request): Promise<Outcome> {
    this.queues.known(name);
    return this.queues.promote(name, { by: actor('api'), ...readFields(optional(req), { reason }) });
  }

  @Post(':name/concurrency')
  @HttpCode(200)
  concurrency(@Param('name') name: string, @Req() req: Request): Promise<QueueDetail> {
    this.queues.known(name);
    requireParsedBody(req, 'application/json');
    const { value, ...order } = readFields(req.body, { value: orNone(whole(1, 100_000)), ...ORDER_FIELDS }, [
      'value',
    ]);
    oneEnd(order);
    if (value === null) noEnd(order);
    return this.queues.setConcurrency(name, value!, { by: actor('api'), ...order });
  }

  @Post(':name/rate-limit')
  @HttpCode(200)
  rateLimit(@Param('name') name: string, @Req() req: Request): Promise<QueueDetail> {
    this.queues.known(name);
    requireParsedBody(req, 'application/json');
    const { max, perMs, ...order } = readFields(
      req.body,
      { max: orNone(whole(1, 100_000)), perMs: whole(1, DAY_MS, 'milliseconds'), ...ORDER_FIELDS },
      ['max'],
    );
    oneEnd(order);
    if (max == null) {
      refuse(
        perMs === undefined
          ? []
          : [{ path: 'perMs', message: 'cannot be given when the limit is lifted; leave it out' }],
      );
      noEnd(order);
      return this.queues.setRateLimit(name, null, { by: actor('api'), ...order });
    }
    if (perMs === undefined)
      refuse([
        {
          path: 'perMs',
          message: `is missing; it must be a whole number of milliseconds from 1 to ${DAY_MS}`,
        },
      ]);
    return this.queues.setRateLimit(name, { max, perMs: perMs! }, { by: actor('api'), ...order });
  }
}

function optional(req: Request): unknown {
  requireParsedBodyIfAny(req, 'application/json');
  return req.body ?? {};
}

/** Lifting a limit is what an end does; it has none itself. */
function noEnd(order: { until?: number; forMs?: number }): void {
  const given = (['until', 'forMs'] as const).filter((name) => order[name] !== undefined);
  refuse(given.map((path) => ({ path, message: 'cannot be given when the limit is lifted; leave it out' })));
}
