import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { AuditExporter } from '../audit/export/audit-exporter.js';
import { SharedClock } from '../platform/clock.js';
import { Settings } from '../platform/config/settings.js';
import { TASK_STATES, type StateCounts } from '../model/states.js';
import { WorkersService } from '../workers/workers.service.js';
import type { WorkerView } from '../workers/workers.openapi.js';
import { isMaybeOnline } from '../workers/worker-view.js';
import { HistoryStatus } from '../history/history-status.js';
import { RedisClock } from '../bullmq/connection/redis-clock.js';
import { withRedis } from '../bullmq/connection/redis-errors.js';
import { RedisHealth } from '../bullmq/connection/redis-health.js';
import { InjectQueues } from '../bullmq/shared-queues.js';
import type { QueueStats } from '../bullmq/queue-stats.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../bullmq/tokens.js';
import { TaskQueries } from '../tasks/task-queries.js';
import { readMinuteCounts } from './minute-counts.js';
import type {
  MonitorNow,
  MonitorOverview,
  OtherQueue,
  QueueOverview,
  RedisOverview,
  Warning,
} from './monitoring.openapi.js';
import { readRedisOverview } from './redis-overview.js';
import { toAuditWarnings, toWarnings, type Clock } from './warnings.js';

const MINUTES = 60;
const FAILURES = 8;
/** Maximum number of reported queues of other programs. */
const MAX_OTHER_QUEUES = 50;

/** Data of the dashboard. Reads Redis on each call and caches nothing. */
@Injectable()
export class MonitoringService {
  constructor(
    @InjectQueues() private readonly shared: Queue[],
    private readonly reader: TaskReader,
    private readonly tasks: TaskQueries,
    private readonly fleet: WorkersService,
    private readonly settings: Settings,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly recorder: HistoryStatus,
    private readonly clock: RedisClock,
    private readonly health: RedisHealth,
    private readonly auditExport: AuditExporter,
    private readonly sharedClock: SharedClock,
  ) {}

  /** @throws RoostError REDIS_UNAVAILABLE, like every method here. */
  async overview(now: number = this.sharedClock.now()): Promise<MonitorOverview> {
    return withRedis(this.redis, async () => {
      const [present, minutes, failures] = await Promise.all([
        this.present(now),
        readMinuteCounts(this.shared, MINUTES, now),
        this.tasks.newest(FAILURES, ['failed']),
      ]);
      return {
        ...present,
        lastHour: {
          minutes,
          completed: minutes.reduce((sum, minute) => sum + minute.completed, 0),
          failed: minutes.reduce((sum, minute) => sum + minute.failed, 0),
        },
        newestFailures: failures,
      };
    });
  }

  async present(now: number = this.sharedClock.now()): Promise<MonitorNow> {
    return withRedis(this.redis, async () => {
      const [workers, redis, otherQueues, { role, writes }] = await Promise.all([
        this.fleet.list(),
        readRedisOverview(this.redis),
        this.others(now),
        this.health.check(),
      ]);
      const queues = await this.queuesWith(workers, now);
      return {
        at: new Date(now).toISOString(),
        queues,
        otherQueues,
        totals: addUp(queues),
        workers,
        redis: { ...redis, role, writes },
        warnings: this.toWarnings(redis, queues, workers),
      };
    });
  }

  /** Lists only the warnings, for the banner of every page. */
  async warnings(now: number = this.sharedClock.now()): Promise<Warning[]> {
    return withRedis(this.redis, async () => {
      const [workers, redis] = await Promise.all([
        this.fleet.list(),
        readRedisOverview(this.redis),
        this.health.check(),
      ]);
      return this.toWarnings(redis, await this.queuesWith(workers, now), workers);
    });
  }

  private toWarnings(redis: RedisOverview, queues: QueueOverview[], workers: WorkerView[]): Warning[] {
    return [
      ...toWarnings(redis, queues, this.settings.REDIS_URL, this.clocks(workers), this.health),
      ...toAuditWarnings(this.auditExport.lasting),
    ];
  }

  async queues(now: number = this.sharedClock.now()): Promise<QueueOverview[]> {
    return withRedis(this.redis, async () => this.queuesWith(await this.fleet.list(), now));
  }

  private queuesWith(workers: WorkerView[], now: number): Promise<QueueOverview[]> {
    return Promise.all(
      this.shared.map(async ({ name }) => {
        return {
          ...toOverview(name, await this.reader.stats(name), now),
          workers: workers.filter(
            (worker) => isMaybeOnline(worker) && worker.consumers.some(({ queue }) => queue === name),
          ).length,
        };
      }),
    );
  }

  /** Lists the queues of other programs that the recorder follows. */
  private others(now: number): Promise<OtherQueue[]> {
    const { queues } = this.recorder.status();
    return Promise.all(
      queues
        .filter(({ ours }) => !ours)
        .slice(0, MAX_OTHER_QUEUES)
        .map(async ({ name }) => toOverview(name, await this.reader.statsAt(`${name}:`), now)),
    );
  }

  private clocks(workers: WorkerView[]): Clock[] {
    return [
      { of: 'this web app', aheadMs: this.clock.aheadMs },
      ...workers
        .filter(isMaybeOnline)
        .map(({ name, clockAheadMs }) => ({ of: `worker ${name}`, aheadMs: clockAheadMs })),
    ];
  }
}

function toOverview(
  name: string,
  { counts, oldestWaitingSince, paused }: QueueStats,
  now: number,
): OtherQueue {
  return {
    name,
    counts,
    oldestWaitingMs: oldestWaitingSince === null ? null : Math.max(0, now - oldestWaitingSince),
    paused,
  };
}

function addUp(queues: QueueOverview[]): StateCounts {
  return Object.fromEntries(
    TASK_STATES.map((state) => [state, queues.reduce((sum, { counts }) => sum + counts[state], 0)]),
  ) as StateCounts;
}
