import { Injectable } from '@nestjs/common';
import { TtlCache } from '../../coordination/ttl-cache.js';
import { SharedClock } from '../../platform/clock.js';
import type { Warning } from '../../monitoring/monitoring.openapi.js';
import { MonitoringService } from '../../monitoring/monitoring.service.js';
import { RedisHealth } from '../../bullmq/connection/redis-health.js';
import { toBanner } from './banner.js';
import { findFlash } from './flash.js';
import { shortenName } from './format.js';
import type { PageShell, Live, Section } from './page-shell.js';
import { lastOf, type Params } from './params.js';

export const LIVE_FLEET: Live = { events: '/api/v1/events', everyMs: 1_000 };

/** Refresh rate for workers and Redis, which send no events. */
export const LIVE_SECONDS: Live = { ...LIVE_FLEET, idleMs: 1_000 };

/** Maximum age of cached warnings, ms. They change slowly, and every page needs them. */
const WARNINGS_MAX_AGE_MS = 3_000;

/** Builds the shell of every page: title, navigation, flash message and warnings. */
@Injectable()
export class PageShellService {
  private readonly warnings = new TtlCache<Warning[]>(WARNINGS_MAX_AGE_MS);

  constructor(
    private readonly monitoring: MonitoringService,
    private readonly health: RedisHealth,
    private readonly clock: SharedClock,
  ) {}

  async frame(page: { title: string; section?: Section; live?: Live; query?: Params }): Promise<PageShell> {
    const banners = (await this.recentWarnings()).map(toBanner);
    const { unreadableProblem } = this.health;
    return {
      title: shortenName(page.title),
      section: page.section,
      now: this.clock.now(),
      live: page.live,
      flash: findFlash(lastOf(page.query, 'flash'), lastOf(page.query, 'n')),
      workersUnknown: this.health.workersHiddenSince !== undefined,
      ...(unreadableProblem
        ? { staleSince: unreadableProblem.since, staleWhy: `${unreadableProblem.what}.` }
        : {}),
      banners,
    };
  }

  /**
   * Returns no warnings if they cannot be read: the page still has its own content, or reports the problem
   * itself.
   */
  private recentWarnings(): Promise<Warning[]> {
    return this.warnings.get('', () => this.monitoring.warnings().catch(() => []));
  }
}
