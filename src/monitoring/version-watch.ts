import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { PeriodicRunner } from '../coordination/periodic-runner.js';
import { LOG } from '../platform/logging/logging.module.js';
import { WorkersService } from '../workers/workers.service.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import { HISTORY } from '../history/tokens.js';

const CHECK_MS = 10_000;

/** Records when each application version was first seen on a worker. The charts mark its first day. */
@Injectable()
export class VersionWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly recorded = new Set<string>();
  private readonly checks: PeriodicRunner;

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly fleet: WorkersService,
    @Inject(LOG) log: Logger,
  ) {
    this.checks = new PeriodicRunner(() => this.recordVersions(), {
      name: 'record of versions',
      everyMs: CHECK_MS,
      log,
      level: 'debug',
    });
  }

  onApplicationBootstrap(): void {
    void this.checks.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.checks.stop();
  }

  /** Records new versions. Retries failures at the next check. */
  async recordVersions(): Promise<void> {
    for (const { versions, startedAt } of await this.fleet.list()) {
      const { app } = versions;
      if (!app || this.recorded.has(app)) continue;
      await this.store.noteVersion(app, Date.parse(startedAt));
      this.recorded.add(app);
    }
  }
}
