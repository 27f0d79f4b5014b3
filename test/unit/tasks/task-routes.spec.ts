import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../support/processes.js';

const TASK_ROUTE = /^api\/v1\/tasks(\/|$)/;

/** Each route of a controller's file, as its decorators spell it. */
function routesOf(file: string): string[] {
  const text = readFileSync(join(projectRoot, 'src', file), 'utf8');
  const [, base = ''] = /@Controller\((?:'([^']*)')?\)/.exec(text) ?? [];
  return [...text.matchAll(/@(?:Get|Post|Put|Patch|Delete)\((?:'([^']*)')?\)/g)].map(([, end = '']) =>
    [base, end].filter(Boolean).join('/'),
  );
}

describe('the routes of tasks', () => {
  const controllers = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.controller.ts'),
  );

  it('are all served from src/tasks', () => {
    const elsewhere = controllers
      .filter((file) => !file.startsWith('tasks/'))
      .filter((file) => routesOf(file).some((route) => TASK_ROUTE.test(route)));
    expect(elsewhere).toEqual([]);
    const here = controllers.filter((file) => file.startsWith('tasks/')).flatMap(routesOf);
    expect(here.filter((route) => TASK_ROUTE.test(route)).length).toBeGreaterThanOrEqual(19);
  });
});
