import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { PeriodicRunner } from '../../coordination/periodic-runner.js';
import { SharedClock, SKEW_ALARM_MS } from '../../platform/clock.js';
import { LOG } from '../../platform/logging/logging.module.js';
import { ClockOffset } from './clock-offset.js';
import { COMMAND_CLIENT } from '../tokens.js';

const SYNC_INTERVAL_MS = 2_000;
/** Smallest offset that is corrected, ms: a clock synchronized by NTP is more exact than a measurement over a network. */
const MIN_CORRECTION_MS = 1_000;

/** Measures the offset of this machine's clock from Redis's. All processes use Redis's clock to decide what is due. */
@Injectable()
export class RedisClock implements OnModuleInit, OnApplicationShutdown {
  private readonly offset = new ClockOffset();
  private readonly syncs: PeriodicRunner;
  private reported: 'right' | 'ahead' | 'behind' = 'right';

  constructor(
    @Inject(COMMAND_CLIENT) private readonly redis: Redis,
    @Inject(LOG) private readonly log: Logger,
    private readonly clock: SharedClock,
  ) {
    this.syncs = new PeriodicRunner(() => this.sync(), {
      name: 'measurement of the clock',
      everyMs: SYNC_INTERVAL_MS,
      log,
      level: 'debug',
    });
  }

  /** Lead of this machine's clock over Redis's, ms; negative if behind, undefined before the first answer. */
  get aheadMs(): number | undefined {
    const ms = this.offset.ms;
    return ms === undefined ? undefined : -ms || 0;
  }

  /** Measures before the first task is submitted or fetched, if Redis is available. */
  async onModuleInit(): Promise<void> {
    await this.syncs.start();
    this.redis.on('ready', this.syncNow);
  }

  async onApplicationShutdown(): Promise<void> {
    this.redis.off('ready', this.syncNow);
    await this.syncs.stop();
  }

  private readonly syncNow = (): void => this.syncs.trigger();

  /** While Redis is unavailable the last offset remains valid. */
  private async sync(): Promise<void> {
    const before = Date.now();
    const [seconds, micros] = await this.redis.time();
    const offset = this.offset.record(before, Number(seconds) * 1000 + Number(micros) / 1000, Date.now());
    this.clock.correct(Math.abs(offset) < MIN_CORRECTION_MS ? 0 : Math.round(offset));
    this.reportSkew(-offset);
  }

  private reportSkew(aheadMs: number): void {
    const now = Math.abs(aheadMs) <= SKEW_ALARM_MS ? 'right' : aheadMs > 0 ? 'ahead' : 'behind';
    if (now === this.reported) return;
    this.reported = now;
    const seconds = Math.round(Math.abs(aheadMs) / 1000);
    if (now === 'right') return this.log.info('the clock of this machine agrees with that of Redis again');
    this.log.warn(
      { aheadMs: Math.round(aheadMs) },
      `the clock of this machine is ${seconds} s ${now === 'ahead' ? 'ahead of' : 'behind'} that of Redis; tasks use the clock of Redis, but correct this one`,
    );
  }
}
