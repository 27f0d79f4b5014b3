import { fork, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { childEnvironment } from '../../platform/config/child-environment.js';
import type { Death } from './child-death.js';
import { ChildOutput } from './child-output.js';
import type {
  FromChild,
  StepResultReply,
  OnceQuestion,
  ReportEntry,
  RunTask,
  StopReason,
  TaskOutcome,
  ToChild,
} from './messages.js';

/** Receives the reports and questions of a running task. */
export interface TaskListener {
  onReport: (entries: ReportEntry[]) => void;
  onQuestion: (question: OnceQuestion) => Promise<StepResultReply>;
}

const SCRIPT = fileURLToPath(new URL('./child.js', import.meta.url));
/**
 * Timeout for becoming ready, ms. A child runs at a lower priority; on a busy machine a start takes a minute.
 */
const START_TIMEOUT_MS = 120_000;
/** Timeout for a graceful exit, ms. */
const END_TIMEOUT_MS = 3_000;
/**
 * Timeout between the outcome and being free again, ms. A handler that left an endless loop behind is never
 * free.
 */
const FREE_TIMEOUT_MS = 5_000;
/**
 * Time to read the remaining output after the exit, ms. Processes that the child started may hold the pipes
 * open longer.
 */
const DRAIN_TIMEOUT_MS = 300;
/** Nice value of children (at most 19). The worker must renew locks and receive commands meanwhile. */
const CHILD_NICENESS = 5;
/** Node flags that would collide with the worker's own, or are set for each child. */
const EXCLUDED_NODE_FLAGS = /^--(inspect|debug|watch|max[-_]old[-_]space[-_]size|test|eval|print|input-type)/;

/** Child process, as the worker controls it. */
export class IsolatedChild {
  tasksDone = 0;
  rssMb = 0;
  taskId: string | undefined;
  /** True if the worker killed it; false if it died by itself. */
  wasKilled = false;
  /** Resolves when the child can run its first task. Never resolves if the child dies before. */
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
        ...process.execArgv.filter((flag) => !EXCLUDED_NODE_FLAGS.test(flag)),
        `--max-old-space-size=${limitMb}`,
      ],
      // Leads its own process group: a terminal's Ctrl-C does not reach it, and killing the group also kills
      // the processes that the handler started.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const out = new ChildOutput(this.process.stdout!, (line) => this.print('stdout', line));
    const err = new ChildOutput(this.process.stderr!, (line) => this.print('stderr', line));
    this.process.on('message', (message) => this.onMessage(message as FromChild));
    this.ready = new Promise((resolve) => (this.onReady = resolve));
    this.gone = this.watch(out, err);
    this.lowerPriority();
    const late = setTimeout(
      () => this.failToStart(`it was not ready within ${START_TIMEOUT_MS / 1000} s`),
      START_TIMEOUT_MS,
    );
    void Promise.race([this.ready, this.gone]).then(() => clearTimeout(late));
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  /**
   * Starts a task. `free` resolves to true when the child can run another task, and to false when it never
   * will.
   */
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
    this.send({ kind: 'run', run: ++this.runs, ...task });
    return { outcome, free };
  }

  abort(reason: StopReason): void {
    this.send({ kind: 'abort', run: this.runs, reason });
  }

  /** Ends the child gracefully. Call it only while the child is idle. */
  end(): void {
    this.send({ kind: 'end' });
    const late = setTimeout(() => this.kill(), END_TIMEOUT_MS);
    void this.gone.then(() => clearTimeout(late));
  }

  /** Kills the child at once, with all processes that it started. */
  kill(): void {
    if (this.over) return;
    this.wasKilled = true;
    this.killGroup();
  }

  private onMessage(message: FromChild): void {
    if ('rssMb' in message) this.rssMb = message.rssMb;
    // Messages about an earlier task arrive late and are ignored.
    if ('run' in message && message.run !== this.runs) return;
    switch (message.kind) {
      case 'ready':
        this.started = true;
        return this.onReady();
      case 'report':
        return this.onReport(message.entries);
      case 'once':
        void this.onQuestion?.(message).then((answer) => this.send(answer));
        return;
      case 'crash':
        this.crash = message;
        return;
      case 'free':
        this.taskId = undefined;
        return this.onFree(!message.worn);
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
    const late = setTimeout(() => this.kill(), FREE_TIMEOUT_MS);
    const inTime = () => clearTimeout(late);
    const onFree = this.onFree;
    this.onFree = (free) => {
      inTime();
      onFree(free);
    };
  }

  private send(message: ToChild): void {
    // A child that dies at this moment is detected through `gone`.
    if (this.process.connected) this.process.send(message, () => undefined);
  }

  private async watch(out: ChildOutput, err: ChildOutput): Promise<Death> {
    // Emitted after all output is read; can arrive in the same tick as the exit.
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
    await Promise.race([closed, delay(DRAIN_TIMEOUT_MS, undefined, { ref: false })]);
    const death: Death = {
      ...exit,
      limitMb: this.limitMb,
      lastOutput: err.tail,
      ...(this.crash ? { crash: this.crash } : {}),
    };
    if (!this.started) this.failure ??= describeStartFailure(death);
    return this.failure === undefined ? death : { ...death, failedToStart: this.failure };
  }

  private failToStart(why: string): void {
    this.failure = why;
    this.kill();
  }

  private killGroup(): void {
    const { pid } = this.process;
    // It could not be started, so it has no process id.
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The system has no process groups, or the process has exited.
      this.process.kill('SIGKILL');
    }
  }

  private lowerPriority(): void {
    try {
      if (this.process.pid !== undefined) setPriority(this.process.pid, CHILD_NICENESS);
    } catch {
      // Not permitted here: the child runs at normal priority.
    }
  }

  private print(stream: 'stdout' | 'stderr', line: string): void {
    const fields = { child: this.pid, stream, ...(this.taskId ? { taskId: this.taskId } : {}) };
    if (stream === 'stderr') this.log.warn(fields, line);
    else this.log.info(fields, line);
  }
}

function describeStartFailure({ code, signal, crash, lastOutput }: Death): string {
  if (crash) return `${crash.error.name}: ${crash.error.message}`;
  const lines = lastOutput.split('\n').filter((line) => line.trim() !== '');
  const error = lines.find((line) => /^\S*Error\b/.test(line)) ?? lines[0];
  return `it ended with ${signal ?? `exit code ${code}`}${error ? ` (${error.trim().slice(0, 300)})` : ''}`;
}
