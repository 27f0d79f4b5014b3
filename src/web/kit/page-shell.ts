import type { Banner } from './banner.js';
import type { Flash } from './flash.js';

export type Section = 'overview' | 'submit' | 'tasks' | 'errors' | 'queues' | 'workers' | 'system';

/** Source of a page's live updates, and the minimum interval between redraws. */
export interface Live {
  /** Absent if there are no events: the page then refreshes only every `idleMs`. */
  events?: string;
  everyMs: number;
  /** Page that is fetched for the redraws, if it is not at the address of this one. */
  page?: string;
  /**
   * Interval between refreshes without an event. Shorter on pages about workers and Redis, which send no
   * events.
   */
  idleMs?: number;
}

/** Fields that the layout needs from every page. Error pages need only `title`. */
export interface PageShell {
  title: string;
  section?: Section;
  /** Reference time of all relative times of the page, ms since 1970. */
  now: number;
  live?: Live;
  flash?: Flash;
  /** True if the page has its own search box. */
  ownSearch?: boolean;
  /** True if workers could not be read, so that an empty list proves nothing. */
  workersUnknown?: boolean;
  /** Time since which Redis cannot be read, ms since 1970. The page's data is from then. */
  staleSince?: number;
  /** Reason for the stale data. */
  staleWhy?: string;
  /** Current risks for tasks. */
  banners: Banner[];
}
