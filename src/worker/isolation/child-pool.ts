/** Child process as the pool sees it. */
export interface PoolChild {
  readonly limitMb: number;
  readonly tasksDone: number;
  /** Resolves when the child can run a task. */
  readonly ready: Promise<void>;
  /** Resolves when the child has ended, even if it was never ready. */
  readonly gone: Promise<unknown>;
  /** Ends the child gracefully. Call it only while the child is idle. */
  end(): void;
  kill(): void;
}

export interface PoolOptions<C> {
  start: (limitMb: number) => C;
  /** Converts the death of a child that was never ready to an error. */
  toError: (death: Awaited<C extends PoolChild ? C['gone'] : never>) => Error;
  /**
   * Number of children above which idle ones of other memory limits are ended. Running tasks are never
   * delayed.
   */
  max: number;
  /** Maximum number of children that start at once: each start uses one processor for a moment. */
  maxStarting: number;
  /** Time after which an idle child ends, ms, except the first. */
  idleMs: number;
}

const CLOSED_MESSAGE = 'This worker is stopping and starts no more processes for tasks.';

interface Waiter<C> {
  limitMb: number;
  resolve: (child: C) => void;
  reject: (reason: unknown) => void;
}

/**
 * Warm pool of child processes. A task gets an idle child with its memory limit, or the first that becomes
 * free or ready. The pool grows to the number of tasks that run at once, and keeps one child when nothing
 * runs.
 */
export class ChildPool<C extends PoolChild> {
  /** Children that have not ended yet, including those asked to end. */
  private readonly present = new Set<C>();
  /** Children that run a task or can run another one. */
  private readonly children = new Set<C>();
  private readonly starting = new Set<C>();
  private readonly returning = new Set<C>();
  /** Most recently used last. The last one is used first, so that the others reach their idle timeout. */
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

  /** From now on the pool always has a child: of this limit, or of another limit that was needed. */
  startWarm(limitMb: number): void {
    this.warmLimitMb = limitMb;
    this.refill();
  }

  /**
   * Acquires a child until it is given back. Rejects with the signal's reason, or when no child could be
   * started.
   */
  acquire(limitMb: number, signal: AbortSignal): Promise<C> {
    const at = this.idle.findLastIndex((child) => child.limitMb === limitMb);
    const [child] = at < 0 ? [] : this.idle.splice(at, 1);
    if (child) {
      this.stopTimer(child);
      return Promise.resolve(child);
    }
    if (this.closed) return Promise.reject(new Error(CLOSED_MESSAGE));
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.waiters = this.waiters.filter((one) => one !== waiter);
        reject(signal.reason);
      };
      const settled = () => signal.removeEventListener('abort', onAbort);
      const waiter: Waiter<C> = {
        limitMb,
        resolve: (child) => (settled(), resolve(child)),
        reject: (reason) => (settled(), reject(reason)),
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiters.push(waiter);
      this.grow();
    });
  }

  /** Announces that a child will be given back in a moment, so that no other one is started. */
  expectRelease(child: C): void {
    this.returning.add(child);
  }

  /** Releases a child after its task: for the next task, or to be replaced. */
  release(child: C, reusable: boolean): void {
    this.returning.delete(child);
    if (reusable && !this.closed && !this.outdated.has(child) && this.children.has(child))
      return this.offer(child);
    this.retire(child);
    this.grow();
    this.refill();
  }

  /** Replaces all children: idle ones at once, the others after their task. Returns the number of each. */
  restart(): { ended: number; later: number } {
    const idle = this.idle;
    this.idle = [];
    const later = this.children.size - idle.length;
    for (const child of this.children) this.outdated.add(child);
    for (const child of idle) this.retire(child);
    this.refill();
    return { ended: idle.length, later };
  }

  /** Ends all children. Kills those still running after `killAfterMs`. */
  async close(killAfterMs: number): Promise<void> {
    this.closed = true;
    for (const { reject } of this.waiters.splice(0)) reject(new Error(CLOSED_MESSAGE));
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
    if (this.outdated.has(child)) return this.release(child, false);
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
      // Another start would most likely fail the same way. It is left to the next task or the next attempt of
      // this one.
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
    const timer = setTimeout(() => this.onIdleTimeout(child), this.options.idleMs);
    timer.unref();
    this.timers.set(child, timer);
  }

  private onIdleTimeout(child: C): void {
    if (this.idle.length <= 1) return;
    this.idle = this.idle.filter((one) => one !== child);
    this.retire(child);
  }

  private retire(child: C): void {
    this.stopTimer(child);
    this.idle = this.idle.filter((one) => one !== child);
    if (!this.children.delete(child)) return;
    // A child that is not ready yet would only receive the message once it is.
    if (this.starting.has(child)) child.kill();
    else child.end();
  }

  private stopTimer(child: C): void {
    clearTimeout(this.timers.get(child));
    this.timers.delete(child);
  }
}
