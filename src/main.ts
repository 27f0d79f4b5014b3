import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { setupApp } from './app.setup.js';
import { loadSettings, readEnvironment } from './config/load-settings.js';
import { listen } from './listen.js';
import { createLogger } from './logging/logger.js';
import { NestLogger } from './logging/nest-logger.js';
import { knock } from './queue/redis-door.js';
import { failToStart, sayReady, stopOnSignals } from './run-until-stopped.js';

try {
  const { values, fromFile } = readEnvironment();
  const settings = loadSettings(values, fromFile);
  const log = createLogger('web', settings);
  await knock(settings);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(settings, log), {
    logger: new NestLogger(log),
    abortOnError: false,
    bodyParser: false,
    // Without it one open stream of events keeps a stopping process alive for good.
    forceCloseConnections: true,
  });
  setupApp(app, { cache: values.NODE_ENV !== 'development' });
  const url = await listen(app, settings);
  stopOnSignals(app, settings.SHUTDOWN_TIMEOUT_MS, log);
  log.info(`web app is ready: ${url}`);
  sayReady({ url });
} catch (error) {
  failToStart(error);
}
