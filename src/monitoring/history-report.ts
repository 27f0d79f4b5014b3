import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '../platform/config/settings.js';
import { HistoryStatus } from '../history/history-status.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { historyFile } from '../history/history-file.js';
import { HISTORY } from '../history/tokens.js';
import type { HistoryReport } from './monitoring.openapi.js';

/** Reports the state of the history: its recorder, its size and its retention. */
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
      store: {
        file: historyFile(this.settings),
        bytes,
        tasks,
        oldestAt: oldestAt === null ? null : new Date(oldestAt).toISOString(),
      },
      retention: {
        completedDays: this.settings.HISTORY_RETENTION_DAYS,
        failedDays: this.settings.HISTORY_RETENTION_FAILED_DAYS,
        perState: this.settings.HISTORY_RETENTION_COUNT,
      },
    };
  }
}
