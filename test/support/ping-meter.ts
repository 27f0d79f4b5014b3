import { Redis } from 'ioredis';
import { until } from './until.js';

/** How long Redis takes to answer somebody else meanwhile. */
export class PingMeter {
  private readonly redis: Redis;
  private readonly ms: number[] = [];
  private going = true;
  private readonly over: Promise<void>;

  constructor(url: string) {
    this.redis = new Redis(url);
    this.over = this.run();
  }

  /** Waits for so many answers. */
  async taken(count: number): Promise<void> {
    await until(`${count} pings`, () => this.ms.length >= count);
  }

  async p99(): Promise<number> {
    this.going = false;
    await this.over;
    this.redis.disconnect();
    return this.ms.sort((a, b) => a - b)[Math.floor(this.ms.length * 0.99)]!;
  }

  private async run(): Promise<void> {
    await this.redis.ping();
    while (this.going) {
      const startedAt = performance.now();
      await this.redis.ping();
      this.ms.push(performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}
