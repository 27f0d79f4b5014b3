import type { Logger } from 'pino';
import type { AuditEntry, AuditStore } from '../history/store/audit-store.js';
import { AuditFolds, isFoldable } from './audit-folds.js';

/** Entries are written together after so long, ms: one commit for many. */
const GATHER_MS = 50;
/** What is only counted is written less often. */
const COUNT_MS = 5_000;
/** In one commit. */
const MAX_BATCH = 500;
/** Waiting for a store that hangs; what is beyond goes to the log at once. */
const MAX_WAITING = 20_000;

/**
 * Keeps entries in the history, in the order they came. What the history does not take goes to the log, whole and as an
 * error: there is no way for an entry to be nowhere but the end of this process, and none to turn this off.
 */
export class AuditLog {
  private waiting: AuditEntry[] = [];
  private readonly folds = new AuditFolds();
  private timer: NodeJS.Timeout | undefined;
  private countTimer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly store: Pick<AuditStore, 'append'>,
    private readonly log: Logger,
  ) {}

  take(entry: AuditEntry): void {
    if (!isFoldable(entry)) return this.add(entry);
    const first = this.folds.add(entry);
    if (first) this.add(first);
    else this.countTimer ??= setTimeout(() => this.count(), COUNT_MS).unref();
  }

  /** Resolves when all that was taken before has been written, to the history or the log. */
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
    for (const entry of this.folds.take()) this.add(entry);
  }

  private add(entry: AuditEntry): void {
    if (this.waiting.length >= MAX_WAITING) return this.spill([entry], 'too many are waiting');
    this.waiting.push(entry);
    this.timer ??= setTimeout(() => void this.writeAll(), GATHER_MS);
  }

  private async write(): Promise<void> {
    const batch = this.waiting.splice(0, MAX_BATCH);
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
