import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { WorkersService } from '../workers/workers.service.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { HISTORY } from '../history/tokens.js';

const CHECK_MS = 10_000;

/** Records when each application version was first seen on a worker. The charts mark its first day. */
@Injectable()
export class VersionWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly recorded = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly fleet: WorkersService,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.recordVersions(), CHECK_MS).unref();
    void this.recordVersions();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Records new versions. Retries failures at the next check. */
  async recordVersions(): Promise<void> {
    const workers = await this.fleet.list().catch(() => []);
    for (const { versions, startedAt } of workers) {
      const { app } = versions;
      if (!app || this.recorded.has(app)) continue;
      const isStored = await this.store.noteVersion(app, Date.parse(startedAt)).then(
        () => true,
        () => false,
      );
      if (isStored) this.recorded.add(app);
    }
  }
}
