import { Injectable } from '@nestjs/common';
import type { Totals } from '../fleet/worker-record.js';

/** How the attempts of this process ended, since it started. */
@Injectable()
export class Tally {
  readonly totals: Totals = none();
  private readonly types = new Map<string, Totals>();

  count(type: string, outcome: keyof Totals): void {
    this.totals[outcome]++;
    let own = this.types.get(type);
    if (!own) this.types.set(type, (own = none()));
    own[outcome]++;
  }

  byType(): Record<string, Totals> {
    return Object.fromEntries(this.types);
  }
}

function none(): Totals {
  return { completed: 0, failed: 0, retried: 0, cancelled: 0 };
}
