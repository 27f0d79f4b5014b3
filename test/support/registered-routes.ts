import { projectRoot, TestProcess } from './processes.js';
import type { Roost } from './roost.js';

/** Every route of the web app, from its Express router. */
export async function registeredRoutes(roost: Roost): Promise<string[]> {
  const script = `
    import 'reflect-metadata';
    import { NestFactory } from '@nestjs/core';
    import { pino } from 'pino';
    import { AppModule } from './dist/app.module.js';
    import { loadSettings } from './dist/config/load-settings.js';
    const log = pino({ level: 'silent' });
    const app = await NestFactory.create(AppModule.forRoot(loadSettings(process.env), log), { logger: false });
    await app.init();
    const routes = app.getHttpAdapter().getInstance().router.stack.flatMap(({ route }) =>
      route ? Object.keys(route.methods).map((method) => method.toUpperCase() + ' ' + route.path) : []);
    process.stdout.write('routes ' + JSON.stringify(routes) + '\\n', () => app.close());
  `;
  const lister = new TestProcess('route lister', process.execPath, ['--input-type=module', '-e', script], {
    cwd: projectRoot,
    env: roost.env,
  });
  const [, json] = await lister.waitForOutput(/^routes (.*)$/m);
  await lister.ended;
  return (JSON.parse(json!) as string[]).map((route) => route.replace(/:(\w+)/g, '{$1}'));
}
