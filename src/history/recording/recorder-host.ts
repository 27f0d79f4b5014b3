import type { Logger } from 'pino';
import { Worker } from 'node:worker_threads';
import { HistoryStatus, withoutLag, type RecorderStatus } from '../history-status.js';
import type { FromRecorder, RecorderOptions, ToRecorder } from './messages.js';

/** Delay before a thread that died is restarted, ms; doubles after each further death up to the maximum. */
const RESTART_MS = 500;
const MAX_RESTART_MS = 30_000;
/** A thread that has run this long counts as healthy, ms. */
const HEALTHY_MS = 60_000;
/** Maximum wait for the thread to release its lease on stop, ms. */
const STOP_MS = 3000;
/** An older status means that the thread is stuck or dead, ms. */
const STALE_MS = 10_000;
const CAUGHT_UP_MS = 150;

/** The main thread's side of the recorder: starts its thread, restarts it when it dies, and forwards its messages. */
export class RecorderHost extends HistoryStatus {
  private worker: Worker | undefined;
  private latest: RecorderStatus = {
    state: 'starting',
    at: new Date().toISOString(),
    lagMs: null,
    perSecond: 0,
    queues: [],
    gaps: [],
  };
  private latestAt = Date.now();
  private restartMs = RESTART_MS;
  private restart: NodeJS.Timeout | undefined;
  private stopping = false;
  private asked = 0;
  private readonly waiting = new Map<number, (isCaughtUp: boolean) => void>();

  constructor(
    private readonly options: RecorderOptions,
    private readonly log: Logger,
    /** URL of the compiled thread entry; tests replace it. */
    private readonly thread = new URL('./recorder-thread.js', import.meta.url),
  ) {
    super();
  }

  start(): void {
    const startedAt = Date.now();
    const worker = new Worker(this.thread, { workerData: this.options });
    this.worker = worker;
    worker.on('message', (message: FromRecorder) => this.receive(message));
    worker.on('error', (error) => {
      this.latest = { ...withoutLag(this.latest), state: 'stopped', error: error.message };
      this.log.error({ err: error }, "the recorder's thread died; restarting it");
    });
    worker.on('exit', () => {
      for (const finish of this.waiting.values()) finish(false);
      this.waiting.clear();
      this.worker = undefined;
      if (this.stopping) return;
      this.latest = { ...withoutLag(this.latest), state: 'stopped' };
      if (Date.now() - startedAt > HEALTHY_MS) this.restartMs = RESTART_MS;
      this.restart = setTimeout(() => this.start(), this.restartMs);
      this.restartMs = Math.min(MAX_RESTART_MS, this.restartMs * 2);
    });
    // Requests hold the web app alive, not its recorder.
    worker.unref();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    const { worker } = this;
    if (!worker) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    this.post({ type: 'stop' });
    // Referenced on purpose: the process must not exit before the lease is released.
    let limit: NodeJS.Timeout | undefined;
    await Promise.race([ended, new Promise((resolve) => (limit = setTimeout(resolve, STOP_MS)))]);
    clearTimeout(limit);
    await worker.terminate();
  }

  override status(): RecorderStatus {
    if (Date.now() - this.latestAt < STALE_MS || this.latest.state === 'stopped') return this.latest;
    const error = this.latest.error ?? 'The recorder has not reported its status for 10 s.';
    return { ...withoutLag(this.latest), state: 'stopped', error };
  }

  override caughtUp(maxMs = CAUGHT_UP_MS): Promise<boolean> {
    const { state } = this.latest;
    if (!this.worker || state === 'away' || state === 'stopped') return Promise.resolve(false);
    const n = ++this.asked;
    return new Promise((resolve) => {
      const finish = (isCaughtUp: boolean) => {
        clearTimeout(timer);
        this.waiting.delete(n);
        resolve(isCaughtUp);
      };
      // The thread enforces the deadline too; this timer covers a busy thread.
      const timer = setTimeout(() => finish(false), maxMs + 50);
      this.waiting.set(n, finish);
      this.post({ type: 'caught-up', n, maxMs });
    });
  }

  private receive(message: FromRecorder): void {
    switch (message.type) {
      case 'status':
        this.latest = message.status;
        this.latestAt = Date.now();
        break;
      case 'caught-up':
        this.waiting.get(message.n)?.(message.isCaughtUp);
        break;
      case 'log':
        this.log[message.level](message.fields, message.text);
        break;
    }
  }

  private post(message: ToRecorder): void {
    this.worker?.postMessage(message);
  }
}
