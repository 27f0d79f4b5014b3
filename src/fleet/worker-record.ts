/** What a worker says of itself with every beat. Times are ms, sizes bytes. */
export interface WorkerRecord {
  id: string;
  name: string;
  host: string;
  pid: number;
  startedAt: number;
  lastSeenAt: number;
  /** How far its machine's clock is ahead of Redis's; the times here are by Redis's all the same. */
  clockAheadMs?: number;
  /** `app` is its APP_VERSION; workers of an older Roost tell none. */
  versions: { app?: string; roost: string; node: string; bullmq: string };
  /** What it was started with, secrets masked. */
  args: string[];
  settings: Record<string, string>;
  consumers: ConsumerRecord[];
  taskTypes: { name: string; queue: string; isolated: boolean }[];
  paused: { by: string; at: number; reason?: string } | null;
  /** It takes nothing new and ends when it is done. */
  draining: boolean;
  active: number;
  /** What runs at this moment, the longest first; at most `MAX_LISTED`. */
  running: RunningTask[];
  totals: Totals;
  byType: Record<string, Totals>;
  load: WorkerLoad;
  children: { pid: number; busy: boolean; taskId?: string; tasksDone: number; rssMb: number }[];
  /** Why it left, where it could say so itself. */
  left?: string;
}

export interface ConsumerRecord {
  queue: string;
  concurrency: number;
  active: number;
  paused: boolean;
  autoscale: { min: number; max: number } | null;
}

export interface RunningTask {
  id: string;
  type: string;
  queue: string;
  attempt: number;
  startedAt: number;
}

/** Since the process started. */
export interface Totals {
  completed: number;
  failed: number;
  retried: number;
  cancelled: number;
}

export interface WorkerLoad {
  /** Of one core, over the last beat; a process can use more than 100. */
  cpuPercent: number;
  rssBytes: number;
  heapUsedBytes: number;
  heapLimitBytes: number;
  /** How late timers were over the last beat, ms. */
  lagMs: number;
  /** Share of the last beat the event loop was busy, percent. */
  busyPercent: number;
  /** Of its machine, over 1, 5 and 15 minutes. */
  loadAverage: [number, number, number];
}

/** One point of the small charts of a worker's page. */
export interface LoadSample {
  at: number;
  cpu: number;
  rssMb: number;
  lagMs: number;
  active: number;
}

/** Running tasks told by name; the count tells of all. */
export const MAX_LISTED = 100;
