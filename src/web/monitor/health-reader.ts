import { Injectable } from '@nestjs/common';
import { RedisHealth } from '../../bullmq/connection/redis-health.js';
import type { MonitorNow } from '../../monitoring/monitoring.openapi.js';
import { MonitoringService } from '../../monitoring/monitoring.service.js';
import { StatsService } from '../../monitoring/stats/stats.service.js';
import { SharedClock } from '../../platform/clock.js';
import { QueueOutlooks } from '../../tasks/queue-outlooks.js';
import type { HealthFacts } from './findings.js';

/** Reads the facts of the overview's first sentence. What cannot be read from Redis is absent, never a guess. */
@Injectable()
export class HealthReader {
  constructor(
    private readonly monitoring: MonitoringService,
    private readonly numbers: StatsService,
    private readonly outlooks: QueueOutlooks,
    private readonly health: RedisHealth,
    private readonly clock: SharedClock,
  ) {}

  async read(): Promise<HealthFacts> {
    const [numbers, current] = await Promise.all([
      this.numbers.range('1h'),
      this.readCurrent().catch(() => ({ outlooks: [], held: [] })),
    ]);
    const behind = this.numbers.behind();
    const { problem, workersHiddenSince } = this.health;
    return {
      now: this.clock.now(),
      ...current,
      ...(problem ? { problem } : {}),
      workersUnknown: workersHiddenSince !== undefined,
      ...(behind ? { behind } : {}),
      numbers,
    };
  }

  private async readCurrent(): Promise<
    Pick<HealthFacts, 'outlooks' | 'held' | 'queuesUnknown'> & { present: MonitorNow }
  > {
    const present = await this.monitoring.present();
    const queues = present.queues.map(({ name, counts }) => ({ name, waiting: counts.waiting }));
    try {
      const [outlooks, held] = await Promise.all([
        this.outlooks.list(queues, present.workers),
        // Limits delay the tasks that they hold back.
        present.totals.delayed > 0 ? this.outlooks.held() : [],
      ]);
      return { present, outlooks, held };
    } catch {
      return { present, outlooks: [], held: [], queuesUnknown: true };
    }
  }
}
