import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot, TestProcess } from './processes.js';
import type { Roost } from './roost.js';

/**
 * Every route of the web app, from its Express router. Settings do not change them, and to list them takes a web app of
 * its own: the first spec of a run that asks writes the list down for the others.
 */
export async function registeredRoutes(roost: Pick<Roost, 'env'>): Promise<string[]> {
  const folder = process.env.TEST_RUN_FOLDER;
  if (!folder) return listRoutes(roost);
  const file = join(folder, 'routes.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as string[];
  const routes = await listRoutes(roost);
  // Another spec may read the file at this moment.
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, JSON.stringify(routes));
  renameSync(unfinished, file);
  return routes;
}

async function listRoutes(roost: Pick<Roost, 'env'>): Promise<string[]> {
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
