import type { Banner } from './banner.js';
import type { Flash } from './flash.js';

export type Section = 'submit' | 'tasks' | 'queues' | 'workers' | 'errors' | 'monitor';

/** Where a page hears of changes, and how often at most it draws itself again. */
export interface Live {
  events: string;
  everyMs: number;
  /** Between two looks while nothing is heard; pages on what sends no events (workers, Redis) look more often. */
  idleMs?: number;
}

/** What the layout needs from every page. Error pages get by with `title` alone. */
export interface Frame {
  title: string;
  section?: Section;
  /** Milliseconds since 1970: what all relative times of the page are counted from. */
  now: number;
  live?: Live;
  flash?: Flash;
  /** The page has the search box in itself. */
  ownSearch?: boolean;
  /** What endangers tasks right now. */
  banners: Banner[];
}
