/** State of a worker, written with every heartbeat. Times are ms, sizes bytes. */
export interface WorkerRecord {
  id: string;
  name: string;
  host: string;
  pid: number;
  startedAt: number;
  lastSeenAt: number;
  /** Lead of its machine's clock over Redis's, ms. The times in this record are by Redis's clock. */
  clockAheadMs?: number;
  /** `app` is its APP_VERSION; absent for workers of an older Roost. */
  versions: { app?: string; roost: string; node: string; bullmq: string };
  /** Command-line arguments, with secrets masked. */
  args: string[];
  settings: Record<string, string>;
  consumers: ConsumerRecord[];
  taskTypes: { name: string; queue: string; isolated: boolean }[];
  paused: { by: string; at: number; reason?: string } | null;
  /** True if it fetches no new tasks and exits when the running ones are done. */
  draining: boolean;
  active: number;
  /** Running tasks, the longest first; at most `MAX_LISTED_TASKS`. */
  running: RunningTask[];
  totals: Totals;
  byType: Record<string, Totals>;
  load: WorkerLoad;
  children: { pid: number; busy: boolean; taskId?: string; tasksDone: number; rssMb: number }[];
  /** Reason for its exit; absent if it could not write one. */
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

/** Attempts by outcome since the process started. */
export interface Totals {
  completed: number;
  failed: number;
  retried: number;
  cancelled: number;
}

export interface WorkerLoad {
  /** CPU use in percent of one core since the last heartbeat; may exceed 100. */
  cpuPercent: number;
  rssBytes: number;
  heapUsedBytes: number;
  heapLimitBytes: number;
  /** Delay of timers since the last heartbeat, ms. */
  lagMs: number;
  /** Utilization of the event loop since the last heartbeat, percent. */
  busyPercent: number;
  /** Load average of its machine over 1, 5 and 15 minutes. */
  loadAverage: [number, number, number];
}

/** Data point of the charts on a worker's page. */
export interface LoadSample {
  at: number;
  cpu: number;
  rssMb: number;
  lagMs: number;
  active: number;
}

/** Running tasks listed in a record; the count includes all. */
export const MAX_LISTED_TASKS = 100;
