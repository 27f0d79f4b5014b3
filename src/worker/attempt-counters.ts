import { Injectable } from '@nestjs/common';
import type { Totals } from '../workers/worker-record.js';

/** Counts how the attempts of this process ended, since the process started. */
@Injectable()
export class AttemptCounters {
  readonly totals: Totals = zeroTotals();
  private readonly types = new Map<string, Totals>();

  increment(type: string, outcome: keyof Totals): void {
    this.totals[outcome]++;
    let own = this.types.get(type);
    if (!own) this.types.set(type, (own = zeroTotals()));
    own[outcome]++;
  }

  byType(): Record<string, Totals> {
    return Object.fromEntries(this.types);
  }
}

function zeroTotals(): Totals {
  return { completed: 0, failed: 0, retried: 0, cancelled: 0 };
}
