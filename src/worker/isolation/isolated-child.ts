import { fork, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { childEnvironment } from '../../config/child-environment.js';
import type { Death } from './child-death.js';
import { ChildOutput } from './child-output.js';
import type {
  FromChild,
  KeptAnswer,
  OnceQuestion,
  ReportEntry,
  RunTask,
  StopReason,
  TaskOutcome,
  ToChild,
} from './messages.js';

/** Who hears what a task says and asks. */
export interface TaskListener {
  onReport: (entries: ReportEntry[]) => void;
  onQuestion: (question: OnceQuestion) => Promise<KeptAnswer>;
}

const SCRIPT = fileURLToPath(new URL('./child.js', import.meta.url));
/** To be ready, ms; a loaded machine may need seconds. */
const START_MS = 30_000;
/** To end when asked to, ms. */
const END_MS = 3_000;
/** From the outcome to being free again, ms: a handler that left an endless loop behind never is. */
const FREE_MS = 5_000;
/** For its last words after it is gone, ms: what it started may hold its pipes open for longer. */
const DRAIN_MS = 300;
/** How much its tasks stand back behind the worker, which has to renew locks and hear commands meanwhile (19 most). */
const NICENESS = 5;
/** These would collide with the worker's own, or are set for each child. */
const NOT_INHERITED = /^--(inspect|debug|watch|max[-_]old[-_]space[-_]size|test|eval|print|input-type)/;

/** One child process as the worker holds it. */
export class IsolatedChild {
  tasksDone = 0;
  rssMb = 0;
  taskId: string | undefined;
  /** By us, as opposed to a death of its own. */
  wasKilled = false;
  /** Resolves when it can take its first task, and never when it died before. */
  readonly ready: Promise<void>;
  readonly gone: Promise<Death>;
  private readonly process: ChildProcess;
  private runs = 0;
  private onReport: (entries: ReportEntry[]) => void = () => undefined;
  private onQuestion: TaskListener['onQuestion'] | undefined;
  private onOutcome: (outcome: TaskOutcome) => void = () => undefined;
  private onFree: (free: boolean) => void = () => undefined;
  private onReady: () => void = () => undefined;
  private crash: Death['crash'];
  private failure: string | undefined;
  private started = false;
  private over = false;

  constructor(
    readonly limitMb: number,
    private readonly log: Logger,
  ) {
    this.process = fork(SCRIPT, [String(process.pid)], {
      env: childEnvironment(),
      execArgv: [
        ...process.execArgv.filter((flag) => !NOT_INHERITED.test(flag)),
        `--max-old-space-size=${limitMb}`,
      ],
      // Leader of a group of its own: a terminal's Ctrl-C passes it by, and what the handler starts can be ended with it.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const out = new ChildOutput(this.process.stdout!, (line) => this.print('stdout', line));
    const err = new ChildOutput(this.process.stderr!, (line) => this.print('stderr', line));
    this.process.on('message', (message) => this.hear(message as FromChild));
    this.ready = new Promise((resolve) => (this.onReady = resolve));
    this.gone = this.watch(out, err);
    this.giveWay();
    const late = setTimeout(() => this.failToStart(`it was not ready within ${START_MS / 1000} s`), START_MS);
    void Promise.race([this.ready, this.gone]).then(() => clearTimeout(late));
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  /** Hands it a task. `free` becomes true when it can take another one, and false when it never will. */
  run(
    task: Omit<RunTask, 'kind' | 'run'>,
    { onReport, onQuestion }: TaskListener,
  ): { outcome: Promise<TaskOutcome>; free: Promise<boolean> } {
    this.taskId = task.taskId;
    this.onReport = onReport;
    this.onQuestion = onQuestion;
    const outcome = new Promise<TaskOutcome>((resolve) => (this.onOutcome = resolve));
    const free = new Promise<boolean>((resolve) => (this.onFree = resolve));
    void this.gone.then(() => this.onFree(false));
    this.tell({ kind: 'run', run: ++this.runs, ...task });
    return { outcome, free };
  }

  abort(reason: StopReason): void {
    this.tell({ kind: 'abort', run: this.runs, reason });
  }

  /** In order, once it is idle. */
  end(): void {
    this.tell({ kind: 'end' });
    const late = setTimeout(() => this.kill(), END_MS);
    void this.gone.then(() => clearTimeout(late));
  }

  /** Now, with whatever it has started. */
  kill(): void {
    if (this.over) return;
    this.wasKilled = true;
    this.killGroup();
  }

  private hear(message: FromChild): void {
    if ('rssMb' in message) this.rssMb = message.rssMb;
    // Words about an earlier task come late and concern nobody.
    if ('run' in message && message.run !== this.runs) return;
    switch (message.kind) {
      case 'ready':
        this.started = true;
        return this.onReady();
      case 'report':
        return this.onReport(message.entries);
      case 'once':
        void this.onQuestion?.(message).then((answer) => this.tell(answer));
        return;
      case 'crash':
        this.crash = message;
        return;
      case 'free':
        this.taskId = undefined;
        return this.onFree(true);
      case 'done':
      case 'failed':
        return this.settle(message);
    }
  }

  private settle(outcome: TaskOutcome): void {
    this.tasksDone++;
    this.onReport = () => undefined;
    this.onQuestion = undefined;
    this.onOutcome(outcome);
    const late = setTimeout(() => this.kill(), FREE_MS);
    const inTime = () => clearTimeout(late);
    const onFree = this.onFree;
    this.onFree = (free) => {
      inTime();
      onFree(free);
    };
  }

  private tell(message: ToChild): void {
    // One that dies at this moment is heard of through `gone`.
    if (this.process.connected) this.process.send(message, () => undefined);
  }

  private async watch(out: ChildOutput, err: ChildOutput): Promise<Death> {
    // Comes once all it has said is read, and can come in the same turn as the exit.
    const closed = new Promise<void>((resolve) => this.process.once('close', () => resolve()));
    const exit = await new Promise<Pick<Death, 'code' | 'signal'>>((resolve) => {
      this.process.once('exit', (code, signal) => resolve({ code, signal }));
      this.process.once('error', (error) => {
        this.failure ??= error.message;
        if (this.process.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    this.over = true;
    if (exit.code !== 0) this.killGroup();
    for (const output of [out, err]) output.drain();
    await Promise.race([closed, delay(DRAIN_MS, undefined, { ref: false })]);
    const death: Death = {
      ...exit,
      limitMb: this.limitMb,
      lastWords: err.tail,
      ...(this.crash ? { crash: this.crash } : {}),
    };
    if (!this.started) this.failure ??= whyNotStarted(death);
    return this.failure === undefined ? death : { ...death, failedToStart: this.failure };
  }

  private failToStart(why: string): void {
    this.failure = why;
    this.kill();
  }

  private killGroup(): void {
    const { pid } = this.process;
    // It could not be started; there is nothing to kill, and no number to kill it by.
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // There are no groups, or it is gone already.
      this.process.kill('SIGKILL');
    }
  }

  private giveWay(): void {
    try {
      if (this.process.pid !== undefined) setPriority(this.process.pid, NICENESS);
    } catch {
      // Not allowed here: it competes on equal terms.
    }
  }

  private print(stream: 'stdout' | 'stderr', line: string): void {
    const fields = { child: this.pid, stream, ...(this.taskId ? { taskId: this.taskId } : {}) };
    if (stream === 'stderr') this.log.warn(fields, line);
    else this.log.info(fields, line);
  }
}

function whyNotStarted({ code, signal, crash, lastWords }: Death): string {
  if (crash) return `${crash.error.name}: ${crash.error.message}`;
  const lines = lastWords.split('\n').filter((line) => line.trim() !== '');
  const error = lines.find((line) => /^\S*Error\b/.test(line)) ?? lines[0];
  return `it ended with ${signal ?? `exit code ${code}`}${error ? ` (${error.trim().slice(0, 300)})` : ''}`;
}
