import { cpus } from 'node:os';

/** Share of its time that the recorder works while others need the cores and it is up to date. */
const MIN_DUTY = 0.15;
/** The recorder works without pauses from this lag on, ms. */
const MAX_LAG_MS = 5000;
/** Limit of one pause, ms: the longest time by which a task is recorded later than the reported lag. */
const MAX_PAUSE_MS = 250;
/** Cores count as needed when less than this share of their time was idle. */
const MIN_IDLE_SHARE = 0.12;
/** Shortest time over which the idle share is measured, ms: the kernel counts in ticks of 10 ms. */
const WINDOW_MS = 100;
/** Time without pauses after one in which cores were idle, ms: then the recorder itself was the load. */
const FREE_MS = 2000;

export interface CoreTimes {
  /** Sum over all cores, ms. */
  idle: number;
  busy: number;
}

/** Decides how long the recorder pauses between two batches, so that workers have the cores while they need them. */
export class CoreYield {
  private measured: CoreTimes;
  private measuredAt: number;
  private areNeeded = false;
  private hasPaused = false;
  private freeUntil = 0;

  constructor(
    private readonly read: () => CoreTimes = readCoreTimes,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.measured = read();
    this.measuredAt = clock();
  }

  /**
   * Returns the pause after a batch, ms; 0 while cores are idle.
   * @param urgency 0 to 1, where 1 means that the recorder must not fall further behind.
   */
  pauseMs(workedMs: number, urgency: number): number {
    this.measure();
    const duty = MIN_DUTY + (1 - MIN_DUTY) * Math.min(1, urgency);
    const pause = this.areNeeded ? Math.min(MAX_PAUSE_MS, Math.round(workedMs * (1 / duty - 1))) : 0;
    if (pause > 0) this.hasPaused = true;
    return pause;
  }

  private measure(): void {
    const now = this.clock();
    if (now - this.measuredAt < WINDOW_MS) return;
    const { idle, busy } = this.read();
    const all = idle + busy - this.measured.idle - this.measured.busy;
    const isIdle = all <= 0 || (idle - this.measured.idle) / all >= MIN_IDLE_SHARE;
    if (isIdle && this.hasPaused) this.freeUntil = now + FREE_MS;
    this.areNeeded = !isIdle && now >= this.freeUntil;
    this.measured = { idle, busy };
    this.measuredAt = now;
    this.hasPaused = false;
  }
}

/** Urgency of a lag, see `CoreYield.pauseMs`. */
export function urgencyOf(lagMs: number): number {
  return lagMs / MAX_LAG_MS;
}

/** Where the system counts other containers' cores, idle ones among them hide that ours are needed. */
function readCoreTimes(): CoreTimes {
  const sum = { idle: 0, busy: 0 };
  for (const { times } of cpus()) {
    sum.idle += times.idle;
    sum.busy += times.user + times.nice + times.sys + times.irq;
  }
  return sum;
}
