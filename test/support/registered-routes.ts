import { join } from 'node:path';
import { projectRoot, TestProcess } from './processes.js';
import type { Roost } from './roost.js';

/** Every route of the web app, from its Express router. */
export async function registeredRoutes(roost: Pick<Roost, 'env'>): Promise<string[]> {
  // A file and no `--eval`: the app's threads inherit the arguments of Node, and a thread has no text to evaluate.
  const script = join(projectRoot, 'test/support/fixtures/list-routes.mjs');
  const lister = new TestProcess('route lister', process.execPath, [script], {
    cwd: projectRoot,
    env: roost.env,
  });
  const [, json] = await lister.waitForOutput(/^routes (.*)$/m);
  await lister.ended;
  return (JSON.parse(json!) as string[]).map((route) => route.replace(/:(\w+)/g, '{$1}'));
}
