import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { correctClock, SKEW_ALARM_MS } from '../contract/clock.js';
import { LOG } from '../logging/logging.module.js';
import { ClockOffset } from './clock-offset.js';
import { COMMANDS } from './tokens.js';

const EVERY_MS = 2_000;
/** Below this our own clock is left alone: kept by NTP it is better than what can be told over a network. */
const TRUSTED_MS = 1_000;

/** Holds this machine's clock against Redis's, which all of a fleet share; what is due is judged by the latter. */
@Injectable()
export class RedisClock implements OnModuleInit, OnApplicationShutdown {
  private readonly offset = new ClockOffset();
  private timer: NodeJS.Timeout | undefined;
  private told: 'right' | 'ahead' | 'behind' = 'right';

  constructor(
    @Inject(COMMANDS) private readonly redis: Redis,
    @Inject(LOG) private readonly log: Logger,
  ) {}

  /** How far this machine's clock is ahead of Redis's, ms; negative behind, undefined before the first answer. */
  get aheadMs(): number | undefined {
    const ms = this.offset.ms;
    return ms === undefined ? undefined : -ms || 0;
  }

  /** Before the first task is handed in or fetched, where Redis is there. */
  async onModuleInit(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), EVERY_MS).unref();
    this.redis.on('ready', this.look);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.redis.off('ready', this.look);
  }

  private readonly look = async (): Promise<void> => {
    try {
      const before = Date.now();
      const [seconds, micros] = await this.redis.time();
      const offset = this.offset.hear(before, Number(seconds) * 1000 + Number(micros) / 1000, Date.now());
      correctClock(Math.abs(offset) < TRUSTED_MS ? 0 : Math.round(offset));
      this.tell(-offset);
    } catch {
      // Redis is away; what was known holds on.
    }
  };

  private tell(aheadMs: number): void {
    const now = Math.abs(aheadMs) <= SKEW_ALARM_MS ? 'right' : aheadMs > 0 ? 'ahead' : 'behind';
    if (now === this.told) return;
    this.told = now;
    const seconds = Math.round(Math.abs(aheadMs) / 1000);
    if (now === 'right') return this.log.info('the clock of this machine agrees with that of Redis again');
    this.log.warn(
      { aheadMs: Math.round(aheadMs) },
      `the clock of this machine is ${seconds} s ${now === 'ahead' ? 'ahead of' : 'behind'} that of Redis; tasks go by the clock of Redis, but set this one right`,
    );
  }
}
