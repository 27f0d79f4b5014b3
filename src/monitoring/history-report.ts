import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { HistoryStatus, type RecorderStatus } from '../history/history-status.js';
import type { HistoryStore } from '../history/store/history-store.js';
import { HISTORY } from '../history/tokens.js';

export interface HistoryReport {
  recorder: RecorderStatus;
  store: { bytes: number; tasks: number; oldestAt: string | null };
  retention: { completedDays: number; failedDays: number; perState: number };
}

/** How the history is doing: its recorder, its size, and how long it keeps what. */
@Injectable()
export class HistoryReporter {
  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly recorder: HistoryStatus,
    private readonly settings: Settings,
  ) {}

  async report(): Promise<HistoryReport> {
    const { bytes, tasks, oldestAt } = await this.store.size();
    return {
      recorder: this.recorder.status(),
      store: { bytes, tasks, oldestAt: oldestAt === null ? null : new Date(oldestAt).toISOString() },
      retention: {
        completedDays: this.settings.HISTORY_RETENTION_DAYS,
        failedDays: this.settings.HISTORY_RETENTION_FAILED_DAYS,
        perState: this.settings.HISTORY_RETENTION_COUNT,
      },
    };
  }
}
