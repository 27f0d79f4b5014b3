/** What the pool has to know of a child. */
export interface PoolChild {
  readonly limitMb: number;
  readonly tasksDone: number;
  /** Resolves when it can take a task. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, also before it was ready. */
  readonly gone: Promise<unknown>;
  /** In order, once it is idle. */
  end(): void;
  kill(): void;
}

export interface PoolOptions<C> {
  start: (limitMb: number) => C;
  /** Makes an error of the end of a child that was never ready. */
  toError: (death: Awaited<C extends PoolChild ? C['gone'] : never>) => Error;
  /** Where more are needed than this, idle ones of other memory limits make room; tasks that run are never held up. */
  max: number;
  /** Starting one takes a processor for a moment: no more than this at once. */
  maxStarting: number;
  /** Idle ones beyond the first end after this, ms. */
  idleMs: number;
}

const CLOSED = 'This worker is stopping and starts no more processes for tasks.';

interface Waiter<C> {
  limitMb: number;
  resolve: (child: C) => void;
  reject: (reason: unknown) => void;
}

/**
 * The warm pool: who needs a child gets an idle one with its memory limit, or the first that is free or started. There
 * are as many as tasks run at once; one is kept when nothing runs.
 */
export class ChildPool<C extends PoolChild> {
  /** Not gone yet, those included that have been told to end. */
  private readonly present = new Set<C>();
  /** Those that will take another task, or do one. */
  private readonly children = new Set<C>();
  private readonly starting = new Set<C>();
  private readonly returning = new Set<C>();
  /** The one used last is at the end and is taken first, so that the others come of age. */
  private idle: C[] = [];
  private waiters: Waiter<C>[] = [];
  private readonly outdated = new WeakSet<C>();
  private readonly timers = new Map<C, NodeJS.Timeout>();
  private warmLimitMb: number | undefined;
  private closed = false;

  constructor(private readonly options: PoolOptions<C>) {}

  list(): C[] {
    return [...this.present];
  }

  /** From now on there is always one for this limit, or one of another limit that was needed. */
  keepWarm(limitMb: number): void {
    this.warmLimitMb = limitMb;
    this.refill();
  }

  /** A child of one's own until it is given back. Rejects with the signal's reason, or when none could be started. */
  take(limitMb: number, signal: AbortSignal): Promise<C> {
    const at = this.idle.findLastIndex((child) => child.limitMb === limitMb);
    const [child] = at < 0 ? [] : this.idle.splice(at, 1);
    if (child) {
      this.stopTimer(child);
      return Promise.resolve(child);
    }
    if (this.closed) return Promise.reject(new Error(CLOSED));
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.waiters = this.waiters.filter((one) => one !== waiter);
        reject(signal.reason);
      };
      const settled = () => signal.removeEventListener('abort', onAbort);
      const waiter: Waiter<C> = {
        limitMb,
        resolve: (taken) => (settled(), resolve(taken)),
        reject: (reason) => (settled(), reject(reason)),
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiters.push(waiter);
      this.grow();
    });
  }

  /** Its task is over and it will be given back in a moment: not worth starting another one. */
  expect(child: C): void {
    this.returning.add(child);
  }

  /** Back from its task: for the next one, or to be replaced. */
  give(child: C, reusable: boolean): void {
    this.returning.delete(child);
    if (reusable && !this.closed && !this.outdated.has(child) && this.children.has(child))
      return this.offer(child);
    this.retire(child);
    this.grow();
    this.refill();
  }

  /** Replaces all: idle ones at once, the others when they are done. Returns how many of each. */
  restart(): { ended: number; later: number } {
    const idle = this.idle;
    this.idle = [];
    const later = this.children.size - idle.length;
    for (const child of this.children) this.outdated.add(child);
    for (const child of idle) this.retire(child);
    this.refill();
    return { ended: idle.length, later };
  }

  /** Ends all of them; `killAfterMs` is for those that do not listen. */
  async close(killAfterMs: number): Promise<void> {
    this.closed = true;
    for (const { reject } of this.waiters.splice(0)) reject(new Error(CLOSED));
    for (const child of [...this.children]) this.retire(child);
    const left = this.list();
    const late = setTimeout(() => left.forEach((child) => child.kill()), killAfterMs);
    await Promise.all(left.map(({ gone }) => gone));
    clearTimeout(late);
  }

  private grow(): void {
    if (this.closed) return;
    for (const { limitMb } of [...this.waiters]) {
      const waiting = this.waiters.filter((one) => one.limitMb === limitMb).length;
      const coming = [...this.starting, ...this.returning].filter((one) => one.limitMb === limitMb).length;
      if (coming < waiting && this.starting.size < this.options.maxStarting) this.start(limitMb);
    }
  }

  private refill(): void {
    if (this.closed || this.warmLimitMb === undefined) return;
    const useful = [...this.children].some((child) => !this.outdated.has(child));
    if (!useful) this.start(this.warmLimitMb);
  }

  private start(limitMb: number): void {
    if (this.children.size >= this.options.max) {
      const other = this.idle.shift();
      if (other) this.retire(other);
    }
    const child = this.options.start(limitMb);
    this.present.add(child);
    this.children.add(child);
    this.starting.add(child);
    void child.ready.then(() => this.onReady(child));
    void child.gone.then((death) => this.onGone(child, death as never));
  }

  private onReady(child: C): void {
    this.starting.delete(child);
    if (!this.children.has(child)) return;
    if (this.outdated.has(child)) return this.give(child, false);
    this.offer(child);
    this.grow();
  }

  private onGone(child: C, death: Parameters<PoolOptions<C>['toError']>[0]): void {
    this.stopTimer(child);
    this.present.delete(child);
    this.returning.delete(child);
    const wasStarting = this.starting.delete(child);
    const wasIdle = this.idle.includes(child);
    this.idle = this.idle.filter((one) => one !== child);
    const unexpected = this.children.delete(child);
    if (wasStarting && unexpected) {
      // Another try would most likely end the same: it is for the next task, or the next attempt of this one.
      const waiter = this.waiters.find((one) => one.limitMb === child.limitMb);
      if (waiter) {
        this.waiters = this.waiters.filter((one) => one !== waiter);
        waiter.reject(this.options.toError(death));
      }
    } else if (wasIdle && child.tasksDone > 0) this.refill();
    this.grow();
  }

  private offer(child: C): void {
    const at = this.waiters.findIndex((one) => one.limitMb === child.limitMb);
    const [waiter] = at < 0 ? [] : this.waiters.splice(at, 1);
    if (waiter) return waiter.resolve(child);
    this.idle.push(child);
    const timer = setTimeout(() => this.onAge(child), this.options.idleMs);
    timer.unref();
    this.timers.set(child, timer);
  }

  private onAge(child: C): void {
    if (this.idle.length <= 1) return;
    this.idle = this.idle.filter((one) => one !== child);
    this.retire(child);
  }

  private retire(child: C): void {
    this.stopTimer(child);
    this.idle = this.idle.filter((one) => one !== child);
    if (!this.children.delete(child)) return;
    // One that is not up yet would only hear of it when it is.
    if (this.starting.has(child)) child.kill();
    else child.end();
  }

  private stopTimer(child: C): void {
    clearTimeout(this.timers.get(child));
    this.timers.delete(child);
  }
}
