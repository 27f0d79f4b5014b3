import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from './figures.js';

/** How long an answer may take before it counts as hung, ms. */
const HUNG_MS = 5_000;

interface Refusal {
  status: number;
  ms: number;
  at: number;
  retryAfter: string | null;
}

/** Hands in tasks as a careful client does: each with a key of its own, repeated until it is acknowledged. */
export class CarefulClient {
  /** Key -> id of what was acknowledged. */
  readonly acked = new Map<string, string>();
  readonly refusals: Refusal[] = [];
  /** Connections that ended without an answer. */
  broken = 0;
  hung = 0;
  /** Keys that were answered with two different ids. */
  readonly twoFaced: string[] = [];

  constructor(private readonly url: string) {}

  get ids(): string[] {
    return [...this.acked.values()];
  }

  /** Until acknowledged, or for `limitMs`: then undefined. */
  async submit(key: string, body: object, limitMs = 60_000): Promise<string | undefined> {
    for (const end = Date.now() + limitMs; Date.now() < end;) {
      const id = await this.try(key, body);
      if (id !== undefined) return id;
      await delay(100);
    }
    return undefined;
  }

  /** Many, so many at once; `bodyOf` gives each its body. */
  async submitMany(
    count: number,
    atOnce: number,
    bodyOf: (n: number) => object,
    prefix = 'key',
  ): Promise<void> {
    let next = 0;
    const hand = async () => {
      for (let n = next++; n < count; n = next++) {
        if ((await this.submit(`${prefix}-${n}`, bodyOf(n))) === undefined)
          throw new Error(`${prefix}-${n} was not accepted within a minute`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, hand));
  }

  refusedMs(share: number): number {
    return percentile(
      this.refusals.map(({ ms }) => ms),
      share,
    );
  }

  /** One request. The id when it was accepted, undefined when it was refused or broke off. */
  async try(key: string, body: object): Promise<string | undefined> {
    const startedAt = performance.now();
    try {
      const answer = await fetch(`${this.url}/api/v1/tasks`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(HUNG_MS),
      });
      const text = await answer.text();
      const ms = performance.now() - startedAt;
      if (answer.ok) {
        const { id } = JSON.parse(text) as { id: string };
        const known = this.acked.get(key);
        if (known !== undefined && known !== id) this.twoFaced.push(key);
        this.acked.set(key, id);
        return id;
      }
      if (answer.status !== 503 && answer.status !== 429)
        throw new Error(`submit answered ${answer.status}: ${text}`);
      this.refusals.push({
        status: answer.status,
        ms,
        at: Date.now(),
        retryAfter: answer.headers.get('retry-after'),
      });
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('submit answered')) throw error;
      if (error instanceof Error && error.name === 'TimeoutError') this.hung++;
      else this.broken++;
    }
    return undefined;
  }
}
