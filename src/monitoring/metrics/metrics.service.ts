import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { collectDefaultMetrics, Registry, type Metric as PromMetric } from 'prom-client';
import { SharedClock } from '../../platform/clock.js';
import { Settings } from '../../platform/config/settings.js';
import { WorkersService } from '../../workers/workers.service.js';
import { HistoryStatus, type RecorderStatus } from '../../history/history-status.js';
import type { HistoryStore } from '../../history/ports/history-store.js';
import { HISTORY } from '../../history/tokens.js';
import { Queues } from '../../bullmq/shared-queues.js';
import { withRedis } from '../../bullmq/connection/redis-errors.js';
import { RedisHealth } from '../../bullmq/connection/redis-health.js';
import { TaskReader } from '../../bullmq/task-reader.js';
import { COMMAND_CLIENT } from '../../bullmq/tokens.js';
import { readRedisOverview } from '../redis-overview.js';
import { HISTORY_METRICS } from './history-metrics.js';
import { one, type Metric } from './metric.js';
import type { KnownHistory, MetricsSnapshot, RedisSnapshot } from './metrics-snapshot.js';
import { REDIS_METRICS } from './redis-metrics.js';
import { observedBase } from '../../bullmq/keys.js';

/** Maximum number of task types and queues with their own labels; later ones share one label. */
const MAX_NAMES = 100;
/** Maximum number of reported queues of other programs. */
const MAX_OTHER_QUEUES = 50;
/** Timeout per source, ms. A source that exceeds it is reported as unavailable. */
const READ_TIMEOUT_MS = 400;

/** Gauges named like counters, which promtool rejects. `nodejs_active_resources` has the same values by kind. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

export const METRICS: readonly Metric<MetricsSnapshot>[] = [
  {
    name: 'roost_build_info',
    type: 'gauge',
    help: 'Always 1; the labels are the versions.',
    labels: ['version', 'node'],
    read: ({ version }) => one(1, { version, node: process.versions.node }),
  },
  ...HISTORY_METRICS,
  ...REDIS_METRICS,
];

/** Writes all metrics in Prometheus's text format. Metrics of the process have the usual names of prom-client. */
@Injectable()
export class MetricsService {
  private readonly registry = new Registry();
  private snapshot: MetricsSnapshot;
  private known: KnownHistory | undefined;
  private underway: Promise<string> | undefined;

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly recorder: HistoryStatus,
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    private readonly fleet: WorkersService,
    private readonly queues: Queues,
    private readonly reader: TaskReader,
    private readonly settings: Settings,
    private readonly health: RedisHealth,
    private readonly clock: SharedClock,
  ) {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    for (const metric of METRICS) this.registry.registerMetric(this.toCollected(metric));
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Returns the metrics as text. Concurrent scrapes share one read. */
  text(): Promise<string> {
    this.underway ??= this.write().finally(() => (this.underway = undefined));
    return this.underway;
  }

  private async write(): Promise<string> {
    this.snapshot = await this.read(this.clock.now());
    // prom-client writes `Nan` for metrics without values; the format requires `NaN`.
    return (await this.registry.metrics()).replace(/ Nan$/gm, ' NaN');
  }

  private async read(now: number): Promise<MetricsSnapshot> {
    const recorder = this.recorder.status();
    const [history, redis] = await Promise.all([
      inTime(this.readHistory(now)),
      inTime(withRedis(this.redis, () => this.readRedis(recorder))),
    ]);
    this.known = history ?? this.known;
    const { APP_VERSION: version } = this.settings;
    return { now, version, recorder, historyUp: history !== undefined, known: this.known, redis };
  }

  private async readHistory(now: number): Promise<KnownHistory> {
    const [totals, size, errors] = await Promise.all([
      this.store.totals(MAX_NAMES),
      this.store.size(),
      this.store.errors({ limit: 1, now }),
    ]);
    return { totals, size, errorGroups: errors.byState };
  }

  private async readRedis({ queues }: RecorderStatus): Promise<RedisSnapshot> {
    const others = queues.filter(({ ours }) => !ours).slice(0, MAX_OTHER_QUEUES);
    const bases = [
      ...this.queues.names().map((name) => ({ name, base: this.reader.base(name) })),
      ...others.map(({ name }) => ({ name, base: observedBase(name) })),
    ];
    const [overview, workers, { writes }, stats] = await Promise.all([
      readRedisOverview(this.redis),
      this.fleet.records(),
      this.health.check(),
      Promise.all(bases.map(async ({ name, base }) => ({ name, ...(await this.reader.statsAt(base)) }))),
    ]);
    const workersUnknown = this.health.workersHiddenSince !== undefined;
    return { overview, workers, workersUnknown, writes, queues: stats };
  }

  /** Adapts a metric to prom-client's registry, which reads the values when it writes them. */
  private toCollected({ name, help, type, read }: Metric<MetricsSnapshot>): PromMetric {
    const get = async () => ({ name, help, type, values: read(this.snapshot), aggregator: 'sum' });
    return { name, get } as unknown as PromMetric;
  }
}

/** Resolves to undefined where the source fails or exceeds READ_TIMEOUT_MS. */
async function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, READ_TIMEOUT_MS, undefined)));
  return Promise.race([answer.catch(() => undefined), late]).finally(() => clearTimeout(timer));
}
