import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Public } from '../auth/require-permission.js';
import { EventTail } from '../events/event-tail.js';
import { WorkersService } from '../workers/workers.service.js';
import { HistoryStatus, isBeingRecorded, isRecordingHere } from '../history/history-status.js';
import { RedisHealth, type RedisReport } from '../bullmq/connection/redis-health.js';
import { formatRefusal } from '../bullmq/connection/redis-refusals.js';
import type { Check, Live, Ready } from './health.openapi.js';

/** Interval of the Redis check, seconds. */
const RETRY_AFTER_S = '2';

/** Health checks for load balancers and supervisors: `live` means the process answers, `ready` that tasks can run. */
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly redis: RedisHealth,
    private readonly tail: EventTail,
    private readonly fleet: WorkersService,
    private readonly recorder: HistoryStatus,
  ) {}

  @Get('live')
  live(): Live {
    return { status: 'ok' };
  }

  /** Answers 200 when Redis accepts writes, events flow and a worker is online; otherwise 503 with the failed checks. */
  @Get('ready')
  async ready(@Res({ passthrough: true }) res: Response): Promise<Ready> {
    const report = await this.redis.check();
    const checks = {
      redis: toRedisCheck(report),
      events: this.eventsCheck(),
      workers: await this.workersCheck(report),
    };
    const ok = Object.values(checks).every((check) => check.ok);
    res.status(ok ? 200 : 503);
    if (!ok) res.setHeader('Retry-After', RETRY_AFTER_S);
    return { status: ok ? 'ok' : 'unavailable', checks, history: this.recorded() };
  }

  /** Public, so it contains no host or path. */
  private recorded(): Ready['history'] {
    const status = this.recorder.status();
    const { state, checkedAt } = status;
    const recordedBy = isRecordingHere(state)
      ? 'this web app'
      : state === 'elsewhere'
        ? 'another process'
        : 'unknown';
    return {
      recordedBy,
      ...(checkedAt === undefined ? {} : { checkedAt }),
      ...(isBeingRecorded(status) ? {} : { detail: `the recorder is ${state}: see /monitor/history` }),
    };
  }

  private eventsCheck(): Check {
    return this.tail.flowing
      ? { ok: true }
      : {
          ok: false,
          detail: 'the event streams have not been read for several seconds; check the connection to Redis',
        };
  }

  private async workersCheck({ problem }: RedisReport): Promise<Check> {
    if (this.redis.unreadableProblem) return { ok: false, detail: 'not known: Redis cannot be asked' };
    const workers = await this.fleet.list().catch(() => undefined);
    if (!workers) return { ok: false, detail: 'not known: Redis cannot be asked' };
    if (workers.some(({ status }) => status !== 'offline' && status !== 'unknown')) return { ok: true };
    if (this.redis.workersHiddenSince === undefined)
      return { ok: false, detail: 'no worker is online; start one with npm run start:worker' };
    return {
      ok: false,
      detail: problem
        ? 'not known: workers write their heartbeats to Redis, which refuses writes'
        : 'not known yet: workers send new heartbeats after a problem with Redis',
    };
  }
}

/** Maps the Redis report to a check. The endpoint is public, so it leaves out hosts and versions. */
function toRedisCheck({ role, writes, problem }: RedisReport): Ready['checks']['redis'] {
  return problem ? { ok: false, role, writes, detail: formatRefusal(problem) } : { ok: true, role, writes };
}
