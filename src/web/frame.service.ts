import { Injectable } from '@nestjs/common';
import { sharedNow } from '../contract/clock.js';
import { MonitoringService, type Warning } from '../monitoring/monitoring.service.js';
import { toBanner } from './page-models/banner.js';
import { findFlash } from './page-models/flash.js';
import type { Frame, Live, Section } from './page-models/frame.js';
import { lastOf, type Params } from './params.js';

export const LIVE_FLEET: Live = { events: '/api/v1/events', everyMs: 1_000 };

/** Workers and Redis send no events: asked once a second. */
export const LIVE_SECONDS: Live = { ...LIVE_FLEET, idleMs: 1_000 };

/** Warnings change slowly and are asked for by every page. */
const WARNINGS_MAX_AGE_MS = 3_000;

/** What surrounds every page: its title, where it stands in the navigation, what it says, what endangers tasks. */
@Injectable()
export class FrameService {
  private warnings: { at: number; answer: Promise<Warning[]> } | undefined;

  constructor(private readonly monitoring: MonitoringService) {}

  async frame(page: { title: string; section?: Section; live?: Live; query?: Params }): Promise<Frame> {
    return {
      title: page.title,
      section: page.section,
      now: sharedNow(),
      live: page.live,
      flash: findFlash(lastOf(page.query, 'flash'), lastOf(page.query, 'n')),
      banners: (await this.recentWarnings()).map(toBanner),
    };
  }

  /** None rather than an error: a page that cannot ask still has something to show, or says itself what is wrong. */
  private recentWarnings(): Promise<Warning[]> {
    if (!this.warnings || Date.now() - this.warnings.at > WARNINGS_MAX_AGE_MS) {
      const answer = this.monitoring.warnings().catch(() => []);
      this.warnings = { at: Date.now(), answer };
    }
    return this.warnings.answer;
  }
}
