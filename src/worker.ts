import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { defaultTaskTypesDir, loadTaskTypes } from './registry/load-task-types.js';
import { loadSettings, readEnvironment } from './platform/config/load-settings.js';
import { createLogger } from './platform/logging/logger.js';
import { NestLogger } from './platform/logging/nest-logger.js';
import { OFFERED_TO_HANDLERS } from './worker/offered-to-handlers.js';
import { checkRedisAccess } from './bullmq/connection/redis-preflight.js';
import { guardExit, markUnexpectedExits } from './platform/process-exit.js';
import { failToStart, notifyReady, stopOnSignals } from './platform/run-until-stopped.js';
import { CrashHandler } from './worker/crash-handler.js';
import { nameTaskType } from './worker/start-error.js';
import { WorkerModule } from './worker/worker.module.js';

markUnexpectedExits();
guardExit();

try {
  const { values, fromFile } = readEnvironment();
  const settings = loadSettings(values, fromFile);
  const log = createLogger('worker', settings);
  const taskTypes = await loadTaskTypes(defaultTaskTypesDir(), { offered: OFFERED_TO_HANDLERS });
  await checkRedisAccess(settings);
  const module = WorkerModule.forRoot(settings, log, taskTypes, { ownsProcess: true });
  const app = await NestFactory.createApplicationContext(module, {
    logger: new NestLogger(log),
    abortOnError: false,
  });
  const tasks = app.get(CrashHandler);
  stopOnSignals(app, settings.SHUTDOWN_TIMEOUT_MS, log, () => tasks.giveBackAll('The worker is stopping.'));
  log.info(`worker ${settings.WORKER_NAME} is ready`);
  notifyReady();
} catch (error) {
  failToStart(nameTaskType(error, defaultTaskTypesDir()));
}
