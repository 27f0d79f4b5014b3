import type { Logger } from 'pino';
import type { AuditEntry, AuditStore } from '../history/ports/audit-store.js';
import { AuditAggregation, isFoldable } from './audit-aggregation.js';

/** Delay before a write, ms: one commit for many entries. */
const WRITE_DELAY_MS = 50;
/** Interval for writing counts, ms. */
const COUNT_INTERVAL_MS = 5_000;
/** Limit on entries per commit. */
const MAX_BATCH_SIZE = 500;
/** Limit on entries that wait for a hanging store. Further entries go to the log at once. */
const MAX_WAITING = 20_000;

/**
 * Records entries in the history in order of arrival. Logs an entry completely, as an error, if the history rejects
 * it. Only a crash of the process can lose an entry; no setting turns the audit off.
 */
export class AuditLog {
  private waiting: AuditEntry[] = [];
  private readonly folds = new AuditAggregation();
  private timer: NodeJS.Timeout | undefined;
  private countTimer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly store: Pick<AuditStore, 'append'>,
    private readonly log: Logger,
  ) {}

  record(entry: AuditEntry): void {
    if (!isFoldable(entry)) return this.add(entry);
    const first = this.folds.add(entry);
    if (first) this.add(first);
    else this.countTimer ??= setTimeout(() => this.count(), COUNT_INTERVAL_MS).unref();
  }

  /** Resolves when all earlier entries are in the history or the log. */
  async flush(): Promise<void> {
    this.count();
    await this.writeAll();
  }

  private async writeAll(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.writing || this.waiting.length > 0) {
      this.writing ??= this.write().finally(() => (this.writing = undefined));
      await this.writing;
    }
  }

  private count(): void {
    clearTimeout(this.countTimer);
    this.countTimer = undefined;
    for (const entry of this.folds.drain()) this.add(entry);
  }

  private add(entry: AuditEntry): void {
    if (this.waiting.length >= MAX_WAITING) return this.spill([entry], 'too many are waiting');
    this.waiting.push(entry);
    this.timer ??= setTimeout(() => void this.writeAll(), WRITE_DELAY_MS);
  }

  private async write(): Promise<void> {
    const batch = this.waiting.splice(0, MAX_BATCH_SIZE);
    try {
      await this.store.append(batch);
    } catch (error) {
      this.spill(batch, error instanceof Error ? error.message : String(error));
    }
  }

  private spill(entries: AuditEntry[], why: string): void {
    for (const audit of entries) this.log.error({ audit, why }, 'the history did not take this audit entry');
  }
}
