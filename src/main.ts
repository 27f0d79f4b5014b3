import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { setupApp } from './app.setup.js';
import { defaultTaskTypesDir, loadTaskTypes } from './registry/load-task-types.js';
import { loadSettings, readEnvironment } from './platform/config/load-settings.js';
import { OpenRequests } from './http/open-requests.js';
import { listen } from './http/listen.js';
import { createLogger } from './platform/logging/logger.js';
import { NestLogger } from './platform/logging/nest-logger.js';
import { OFFERED_TO_HANDLERS } from './worker/offered-to-handlers.js';
import { checkRedisAccess } from './bullmq/connection/redis-preflight.js';
import { guardExit, markUnexpectedExits } from './platform/process-exit.js';
import { failToStart, notifyReady, stopOnSignals } from './platform/run-until-stopped.js';

/** Share of the stop timeout reserved for closing modules after the requests have ended, ms. */
const CLOSING_MS = 5_000;

markUnexpectedExits();
guardExit();

try {
  const { values, fromFile } = readEnvironment();
  const settings = loadSettings(values, fromFile);
  const log = createLogger('web', settings);
  const taskTypes = await loadTaskTypes(defaultTaskTypesDir(), { offered: OFFERED_TO_HANDLERS });
  await checkRedisAccess(settings);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(settings, log, taskTypes), {
    logger: new NestLogger(log),
    abortOnError: false,
    bodyParser: false,
    // Connections still open after the drain must not keep the process alive.
    forceCloseConnections: true,
  });
  setupApp(app, { cache: values.NODE_ENV !== 'development' });
  const url = await listen(app, settings);
  const { SHUTDOWN_TIMEOUT_MS } = settings;
  const close = async () => {
    await app.get(OpenRequests).drain(SHUTDOWN_TIMEOUT_MS - Math.min(CLOSING_MS, SHUTDOWN_TIMEOUT_MS / 2));
    await app.close();
  };
  stopOnSignals({ close }, SHUTDOWN_TIMEOUT_MS, log);
  log.info(`web app is ready: ${url}`);
  notifyReady({ url });
} catch (error) {
  failToStart(error);
}
