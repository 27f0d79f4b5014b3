import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { FleetService } from '../fleet/fleet.service.js';
import type { HistoryStore } from '../history/store/history-store.js';
import { HISTORY } from '../history/tokens.js';

const EVERY_MS = 10_000;

/** Notes when a version of the code was first there: workers tell theirs, and the charts mark its first day. */
@Injectable()
export class VersionWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly noted = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly fleet: FleetService,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), EVERY_MS).unref();
    void this.look();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** What cannot be asked or kept now is looked at again. */
  async look(): Promise<void> {
    const workers = await this.fleet.list().catch(() => []);
    for (const { versions, startedAt } of workers) {
      const { app } = versions;
      if (!app || this.noted.has(app)) continue;
      const kept = await this.store.noteVersion(app, Date.parse(startedAt)).then(
        () => true,
        () => false,
      );
      if (kept) this.noted.add(app);
    }
  }
}
