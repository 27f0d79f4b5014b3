import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { defaultTaskTypesDir, loadTaskTypes } from './catalog/load-task-types.js';
import { loadSettings, readEnvironment } from './config/load-settings.js';
import { createLogger } from './logging/logger.js';
import { NestLogger } from './logging/nest-logger.js';
import { knock } from './queue/redis-door.js';
import { failToStart, sayReady, stopOnSignals } from './run-until-stopped.js';
import { WorkerModule } from './worker/worker.module.js';

try {
  const { values, fromFile } = readEnvironment();
  const settings = loadSettings(values, fromFile);
  const log = createLogger('worker', settings);
  const taskTypes = await loadTaskTypes(defaultTaskTypesDir());
  await knock(settings);
  const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(settings, log, taskTypes), {
    logger: new NestLogger(log),
    abortOnError: false,
  });
  stopOnSignals(app, settings.SHUTDOWN_TIMEOUT_MS, log);
  log.info(`worker ${settings.WORKER_NAME} is ready`);
  sayReady();
} catch (error) {
  failToStart(error);
}
