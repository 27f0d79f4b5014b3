import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { TaskRegistry } from '../../registry/task-registry.js';
import { defaultTaskTypesDir, loadTaskTypes } from '../../registry/load-task-types.js';
import { guardExit, leave, setExitGuard } from '../../platform/process-exit.js';
import { NO_REDACTION } from '../../platform/redaction/redaction.js';
import { scrubError } from '../../platform/redaction/scrub.js';
import { Handlers } from '../handlers.js';
import { recordOf } from '../normalize-error.js';
import { ChildTask } from './child-task.js';
import type { Crash, FromChild, RunTask, StopReason, ToChild } from './messages.js';
import { PlainLogger } from './plain-logger.js';

/*
 * Process that runs isolated tasks, one at a time. The worker starts it with an IPC channel. It never
 * connects to Redis: the worker receives the reports and the outcome of a task and stores them.
 */

/** Timeout for sending a crash to the worker, ms; the process ends either way. */
const CRASH_REPORT_TIMEOUT_MS = 200;
/** Timeout for the shutdown hooks of providers, ms. */
const CLOSE_TIMEOUT_MS = 2_000;

const send = detachChannel();
/** Task whose code runs now, including timers and promises that it left behind. */
const context = new AsyncLocalStorage<ChildTask>();
let current: ChildTask | undefined;
let currentRun = 0;
/** True once code that an earlier task left behind has failed in this process. */
let worn = false;

// A terminal's Ctrl-C and a service manager's stop reach every process. The worker decides when its children
// end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => leave(0));
process.on('exit', () => current?.flush());
process.on('uncaughtException', (error) => crash(error, {}));
process.on('unhandledRejection', (reason) => {
  const culprit = context.getStore();
  // A rejection interrupts nothing: the current task continues.
  if (current && culprit && culprit !== current) {
    worn = true;
    const { stack } = recordOf(reason);
    process.stderr.write(`An unhandled promise rejection, left behind by an earlier task: ${stack}\n`);
  } else crash(reason, { unhandledRejection: true });
});
guardExit();
const guard = new Worker(new URL('./orphan-guard.js', import.meta.url), {
  workerData: Number(process.argv[2]),
  resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
});
const onGuard = once(guard, 'message');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

@Module({})
class ChildModule {}

const types = (await loadTaskTypes(defaultTaskTypesDir())).filter(({ isolate }) => isolate);
// The worker logs the standard error of this process.
const registry = new TaskRegistry(types, (thrown, { type, what, input }) => {
  const { stack } = scrubError(thrown, input, NO_REDACTION);
  process.stderr.write(`the input class of ${type} failed: ${what}\n${stack}\n`);
});
const app = await NestFactory.createApplicationContext(
  { module: ChildModule, providers: [...new Set(types.flatMap(({ providers }) => providers)), Handlers] },
  { logger: ['fatal', 'error', 'warn'], abortOnError: false },
);
app.useLogger(new PlainLogger());
const handlers = app.get(Handlers);
// A handler may end this process, which belongs to its task. The crash report shows whose code it was.
setExitGuard({
  isHandler: () => context.getStore() !== undefined,
  onCall: (error, proceed) => {
    reportCrash(error, { exitCalled: true });
    proceed();
  },
});

process.on('message', (message: ToChild) => {
  if (message.kind === 'run') void run(message);
  else if (message.kind === 'abort' && message.run === currentRun) abort(message.reason);
  else if (message.kind === 'step-result' && message.run === currentRun) current?.receiveAnswer(message);
  else if (message.kind === 'end') void end();
});
// Starting a thread needs this event loop: a first task that blocks it would run without a guard.
await onGuard;
guard.unref();
send({ kind: 'ready', rssMb: rssMb() });

async function run(task: RunTask): Promise<void> {
  const type = registry.get(task.type);
  currentRun = task.run;
  const running = (current = new ChildTask(task, type, handlers.get(type), registry, {
    report: (entries) => send({ kind: 'report', run: task.run, entries, rssMb: rssMb() }),
    message: (message) => send(message),
  }));
  send(await context.run(running, () => running.run()));
  current = undefined;
  // Lets callbacks that the handler left behind run before the next task starts.
  setImmediate(() => {
    if (rssMb() > type.maxChildMemoryMb) collectGarbage();
    send({ kind: 'free', run: task.run, rssMb: rssMb(), worn });
  });
}

function abort(reason: StopReason): void {
  const task = current;
  // Errors of abort listeners belong to the handler.
  if (task) context.run(task, () => task.abort(reason));
}

async function end(): Promise<void> {
  setTimeout(() => leave(0), CLOSE_TIMEOUT_MS);
  await app.close();
  leave(0);
}

function crash(thrown: unknown, how: Partial<Crash>): void {
  current?.flush();
  reportCrash(thrown, how, () => leave(1));
  setTimeout(() => leave(1), CRASH_REPORT_TIMEOUT_MS);
}

function reportCrash(thrown: unknown, how: Partial<Crash>, sent?: () => void): void {
  const culprit = context.getStore();
  // If the source of the error is unknown, it is certainly this task's only if no other task has run in this
  // process.
  const isItsDoing = current !== undefined && (culprit ? culprit === current : currentRun === 1);
  const error = recordOf(thrown);
  send({ kind: 'crash', unhandledRejection: false, ...how, error, ofEarlierTask: !isItsDoing }, sent);
}

/**
 * Removes the channel from `process`: libraries use `process.send`, and a handler must not send messages in
 * our name.
 */
function detachChannel(): (message: FromChild, sent?: () => void) => boolean {
  const channel = process.send?.bind(process) as
    ((message: FromChild, sent: (error: Error | null) => void) => boolean) | undefined;
  if (!channel)
    throw new Error('A worker starts this process with an IPC channel. It cannot be started by hand.');
  Object.assign(process, { send: undefined, disconnect: undefined });
  return (message, sent) => process.connected && channel(message, () => sent?.());
}

function rssMb(): number {
  return Math.round(process.memoryUsage.rss() / 1024 / 1024);
}
