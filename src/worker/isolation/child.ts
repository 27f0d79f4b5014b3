import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { Catalog } from '../../catalog/catalog.js';
import { defaultTaskTypesDir, loadTaskTypes } from '../../catalog/load-task-types.js';
import { Handlers } from '../handlers.js';
import { toError } from '../thrown.js';
import { ChildTask } from './child-task.js';
import { toErrorParts, type FromChild, type RunTask, type ToChild } from './messages.js';
import { PlainLogger } from './plain-logger.js';

/*
 * The process that runs isolated tasks, one at a time, started by the worker with a channel to it. It never touches
 * Redis: what a task says and how it ends goes to the worker, who does the rest.
 */

/** A crash is told within this, ms; the process ends either way. */
const LAST_WORD_MS = 200;
/** What providers do at their end may take this long, ms. */
const CLOSE_MS = 2_000;

const send = takeChannel();
let current: ChildTask | undefined;
let currentRun = 0;

// A terminal's Ctrl-C and a service manager's stop go to every process; the worker decides when its children end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('exit', () => current?.flush());
process.on('uncaughtException', (error, origin) => {
  current?.flush();
  const unhandledRejection = origin === 'unhandledRejection';
  send({ kind: 'crash', error: toErrorParts(toError(error)), unhandledRejection }, () => process.exit(1));
  setTimeout(() => process.exit(1), LAST_WORD_MS);
});
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
const catalog = new Catalog(types);
const app = await NestFactory.createApplicationContext(
  { module: ChildModule, providers: [...new Set(types.flatMap(({ providers }) => providers)), Handlers] },
  { logger: ['fatal', 'error', 'warn'], abortOnError: false },
);
app.useLogger(new PlainLogger());
const handlers = app.get(Handlers);

process.on('message', (message: ToChild) => {
  if (message.kind === 'run') void run(message);
  else if (message.kind === 'abort' && message.run === currentRun) current?.abort(message.reason);
  else if (message.kind === 'kept' && message.run === currentRun) current?.hearKept(message);
  else if (message.kind === 'end') void end();
});
// A thread starts with the help of this one: a first task that blocks it would be without a guard.
await onGuard;
guard.unref();
send({ kind: 'ready', rssMb: rssMb() });

async function run(task: RunTask): Promise<void> {
  const type = catalog.get(task.type);
  currentRun = task.run;
  current = new ChildTask(task, type, handlers.get(type), catalog, {
    report: (entries) => send({ kind: 'report', run: task.run, entries, rssMb: rssMb() }),
    message: (message) => send(message),
  });
  send(await current.run());
  current = undefined;
  // What the handler left behind has its turn now, before the next task is in here.
  setImmediate(() => {
    if (rssMb() > type.maxChildMemoryMb) collectGarbage();
    send({ kind: 'free', run: task.run, rssMb: rssMb() });
  });
}

async function end(): Promise<void> {
  setTimeout(() => process.exit(0), CLOSE_MS);
  await app.close();
  process.exit(0);
}

/** Takes the channel out of reach: libraries look for `process.send`, and a handler must not speak in our name. */
function takeChannel(): (message: FromChild, sent?: () => void) => boolean {
  const channel = process.send?.bind(process) as
    ((message: FromChild, sent: (error: Error | null) => void) => boolean) | undefined;
  if (!channel)
    throw new Error('This is started by a worker, with a channel to it; there is nothing to start by hand.');
  Object.assign(process, { send: undefined, disconnect: undefined });
  return (message, sent) => process.connected && channel(message, () => sent?.());
}

function rssMb(): number {
  return Math.round(process.memoryUsage.rss() / 1024 / 1024);
}
