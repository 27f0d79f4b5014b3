import type { Logger } from 'pino';
import { Worker } from 'node:worker_threads';
import { HistoryStatus, type RecorderStatus } from '../history-status.js';
import type { FromRecorder, RecorderOptions, ToRecorder } from './messages.js';

/** A thread that died is started again after this long, ms; after each further death twice as long, up to the second. */
const RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;
/** One that has run so long, ms, counts as sound. */
const SOUND_MS = 60_000;
/** Longest a stop waits for the thread to give back its lease, ms. */
const STOP_MS = 3000;
/** A status older than this means that the thread is stuck or dead, ms. */
const STALE_MS = 10_000;
const CAUGHT_UP_MS = 150;

/** The main thread's side of the recorder: starts its thread, again where it dies, and passes on what it says. */
export class RecorderHost extends HistoryStatus {
  private worker: Worker | undefined;
  private latest: RecorderStatus = {
    state: 'starting',
    at: new Date().toISOString(),
    lagMs: 0,
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
    /** The compiled start of the thread, for tests. */
    private readonly thread = new URL('./recorder-thread.js', import.meta.url),
  ) {
    super();
  }

  start(): void {
    const startedAt = Date.now();
    const worker = new Worker(this.thread, { workerData: this.options });
    this.worker = worker;
    worker.on('message', (message: FromRecorder) => this.hear(message));
    worker.on('error', (error) => {
      this.latest = { ...this.latest, state: 'stopped', error: error.message };
      this.log.error({ err: error }, "the recorder's thread died; starting it again");
    });
    worker.on('exit', () => {
      for (const settle of this.waiting.values()) settle(false);
      this.waiting.clear();
      this.worker = undefined;
      if (this.stopping) return;
      this.latest = { ...this.latest, state: 'stopped' };
      if (Date.now() - startedAt > SOUND_MS) this.restartMs = RESTART_MS;
      this.restart = setTimeout(() => this.start(), this.restartMs);
      this.restartMs = Math.min(LONGEST_RESTART_MS, this.restartMs * 2);
    });
    // Requests keep the web app alive, not its recorder.
    worker.unref();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    const { worker } = this;
    if (!worker) return;
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    this.post({ type: 'stop' });
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())]);
    await worker.terminate();
  }

  override status(): RecorderStatus {
    if (Date.now() - this.latestAt < STALE_MS || this.latest.state === 'stopped') return this.latest;
    return { ...this.latest, error: this.latest.error ?? 'The recorder has not been heard of for 10 s.' };
  }

  override caughtUp(maxMs = CAUGHT_UP_MS): Promise<boolean> {
    const { state } = this.latest;
    if (!this.worker || state === 'away' || state === 'stopped') return Promise.resolve(false);
    const n = ++this.asked;
    return new Promise((resolve) => {
      const settle = (isCaughtUp: boolean) => {
        clearTimeout(timer);
        this.waiting.delete(n);
        resolve(isCaughtUp);
      };
      // The thread minds the time too; this one is for a thread that is busy.
      const timer = setTimeout(() => settle(false), maxMs + 50);
      this.waiting.set(n, settle);
      this.post({ type: 'caught-up', n, maxMs });
    });
  }

  private hear(message: FromRecorder): void {
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
