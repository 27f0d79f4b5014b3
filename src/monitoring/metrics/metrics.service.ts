import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { collectDefaultMetrics, Registry, type Metric as PromMetric } from 'prom-client';
import { sharedNow } from '../../contract/clock.js';
import { Settings } from '../../config/settings.js';
import { FleetService } from '../../fleet/fleet.service.js';
import { HistoryStatus, type RecorderStatus } from '../../history/history-status.js';
import type { HistoryStore } from '../../history/store/history-store.js';
import { HISTORY } from '../../history/tokens.js';
import { Queues } from '../../queue/queues.js';
import { withRedis } from '../../queue/redis-errors.js';
import { TaskReader } from '../../queue/task-reader.js';
import { COMMANDS } from '../../queue/tokens.js';
import { readRedisOverview } from '../redis-overview.js';
import { HISTORY_METRICS } from './history-metrics.js';
import { one, type Metric } from './metric.js';
import type { KnownHistory, MetricsSnapshot, RedisSnapshot } from './metrics-snapshot.js';
import { REDIS_METRICS } from './redis-metrics.js';

/** Task types and queues told apart by their names; later ones count together. */
const MAX_NAMES = 100;
/** Queues of other programs whose depth is told. */
const MAX_OTHERS = 50;
/** What has not answered by then is told as away: a scrape does not wait for it. */
const PATIENCE_MS = 400;

/** Gauges named like counters: promtool objects, and `nodejs_active_resources` tells the same by its kinds. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

export const METRICS: readonly Metric<MetricsSnapshot>[] = [
  {
    name: 'roost_build_info',
    type: 'gauge',
    help: 'Always 1; its labels tell what runs.',
    labels: ['version', 'node'],
    read: ({ version }) => one(1, { version, node: process.versions.node }),
  },
  ...HISTORY_METRICS,
  ...REDIS_METRICS,
];

/** Everything for Prometheus, in its text format. Those of the process itself have the names that Node's users know. */
@Injectable()
export class MetricsService {
  private readonly registry = new Registry();
  private snapshot: MetricsSnapshot;
  private known: KnownHistory | undefined;
  private underway: Promise<string> | undefined;

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly recorder: HistoryStatus,
    @Inject(COMMANDS) private readonly redis: Redis,
    private readonly fleet: FleetService,
    private readonly queues: Queues,
    private readonly reader: TaskReader,
    private readonly settings: Settings,
  ) {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) this.registry.removeSingleMetric(name);
    for (const metric of METRICS) this.registry.registerMetric(this.toCollected(metric));
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** One reading for all who scrape at the same time. */
  text(): Promise<string> {
    this.underway ??= this.write().finally(() => (this.underway = undefined));
    return this.underway;
  }

  private async write(): Promise<string> {
    this.snapshot = await this.read(sharedNow());
    // What had nothing to measure yet is spelled so by prom-client, and not by the format.
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
    const others = queues.filter(({ ours }) => !ours).slice(0, MAX_OTHERS);
    const bases = [
      ...this.queues.names().map((name) => ({ name, base: this.reader.base(name) })),
      ...others.map(({ name }) => ({ name, base: `${name}:` })),
    ];
    const [overview, workers, stats] = await Promise.all([
      readRedisOverview(this.redis),
      this.fleet.records(),
      Promise.all(bases.map(async ({ name, base }) => ({ name, ...(await this.reader.statsAt(base)) }))),
    ]);
    return { overview, workers, queues: stats };
  }

  /** What the registry asks of a metric: its values at the moment it is written. */
  private toCollected({ name, help, type, read }: Metric<MetricsSnapshot>): PromMetric {
    const get = async () => ({ name, help, type, values: read(this.snapshot), aggregator: 'sum' });
    return { name, get } as unknown as PromMetric;
  }
}

/** What has not answered in time, or cannot, has no answer. */
async function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS, undefined)));
  return Promise.race([answer.catch(() => undefined), late]).finally(() => clearTimeout(timer));
}
