import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { sharedNow } from '../contract/clock.js';
import { Settings } from '../config/settings.js';
import { TASK_STATES, type StateCounts } from '../contract/states.js';
import type { TaskView } from '../contract/task-view.js';
import { FleetService, type WorkerView } from '../fleet/fleet.service.js';
import { isHere } from '../fleet/worker-view.js';
import { HistoryStatus } from '../history/history-status.js';
import { RedisClock } from '../queue/redis-clock.js';
import { withRedis } from '../queue/redis-errors.js';
import { TaskReader, type QueueStats } from '../queue/task-reader.js';
import { COMMANDS } from '../queue/tokens.js';
import { TasksService } from '../tasks/tasks.service.js';
import { readMinuteCounts, type MinuteCount } from './minute-counts.js';
import type { QueueOverview } from './queue-overview.js';
import { readRedisOverview, type RedisOverview } from './redis-overview.js';
import { toWarnings, type Clock, type Warning } from './warnings.js';

export type { WorkerView } from '../fleet/fleet.service.js';
export type { MinuteCount } from './minute-counts.js';
export type { QueueOverview } from './queue-overview.js';
export type { RedisOverview } from './redis-overview.js';
export type { Warning } from './warnings.js';

/** What there is at this moment, as Redis tells it. */
export interface MonitorNow {
  at: string;
  queues: QueueOverview[];
  /** Of other programs on the same Redis, as `<prefix>:<name>`; their workers are not known. */
  otherQueues: OtherQueue[];
  totals: StateCounts;
  workers: WorkerView[];
  redis: RedisOverview;
  warnings: Warning[];
}

export type OtherQueue = Omit<QueueOverview, 'workers'>;

export interface MonitorOverview extends MonitorNow {
  lastHour: { minutes: MinuteCount[]; completed: number; failed: number };
  newestFailures: TaskView[];
}

const MINUTES = 60;
const FAILURES = 8;
/** Queues of other programs that are told of. */
const MAX_OTHERS = 50;

/** What the dashboard shows: read from Redis at each call, nothing remembered in between. */
@Injectable()
export class MonitoringService {
  private readonly shared: Queue[];

  constructor(
    @InjectQueue('default') standard: Queue,
    @InjectQueue('cpu') cpu: Queue,
    private readonly reader: TaskReader,
    private readonly tasks: TasksService,
    private readonly fleet: FleetService,
    private readonly settings: Settings,
    @Inject(COMMANDS) private readonly redis: Redis,
    private readonly recorder: HistoryStatus,
    private readonly clock: RedisClock,
  ) {
    this.shared = [standard, cpu];
  }

  /** @throws RoostError REDIS_UNAVAILABLE, as everything here. */
  async overview(now: number = sharedNow()): Promise<MonitorOverview> {
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

  async present(now: number = sharedNow()): Promise<MonitorNow> {
    return withRedis(this.redis, async () => {
      const [workers, redis, otherQueues] = await Promise.all([
        this.fleet.list(),
        readRedisOverview(this.redis),
        this.others(now),
      ]);
      const queues = await this.queuesWith(workers, now);
      return {
        at: new Date(now).toISOString(),
        queues,
        otherQueues,
        totals: addUp(queues),
        workers,
        redis,
        warnings: toWarnings(redis, queues, this.workerCommandPrefix(), this.clocks(workers)),
      };
    });
  }

  /** Only what the banner of every page needs. */
  async warnings(now: number = sharedNow()): Promise<Warning[]> {
    return withRedis(this.redis, async () => {
      const [workers, redis] = await Promise.all([this.fleet.list(), readRedisOverview(this.redis)]);
      const queues = await this.queuesWith(workers, now);
      return toWarnings(redis, queues, this.workerCommandPrefix(), this.clocks(workers));
    });
  }

  async queues(now: number = sharedNow()): Promise<QueueOverview[]> {
    return withRedis(this.redis, async () => this.queuesWith(await this.fleet.list(), now));
  }

  private queuesWith(workers: WorkerView[], now: number): Promise<QueueOverview[]> {
    return Promise.all(
      this.shared.map(async ({ name }) => {
        return {
          ...toOverview(name, await this.reader.stats(name), now),
          workers: workers.filter(
            (worker) => isHere(worker) && worker.consumers.some(({ queue }) => queue === name),
          ).length,
        };
      }),
    );
  }

  /** Those that the recorder follows. */
  private others(now: number): Promise<OtherQueue[]> {
    const { queues } = this.recorder.status();
    return Promise.all(
      queues
        .filter(({ ours }) => !ours)
        .slice(0, MAX_OTHERS)
        .map(async ({ name }) => toOverview(name, await this.reader.statsAt(`${name}:`), now)),
    );
  }

  private clocks(workers: WorkerView[]): Clock[] {
    return [
      { of: 'this web app', aheadMs: this.clock.aheadMs },
      ...workers
        .filter(isHere)
        .map(({ name, clockAheadMs }) => ({ of: `worker ${name}`, aheadMs: clockAheadMs })),
    ];
  }

  /** What stands before the command that starts a worker here; a password in the URL is not shown. */
  private workerCommandPrefix(): string {
    const url = new URL(this.settings.REDIS_URL);
    if (url.password) url.password = '***';
    return `REDIS_URL=${url.toString().replace(/\/$/, '')} `;
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
