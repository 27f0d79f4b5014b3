import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../../support/processes.js';
import compiler from '../../../support/jest/typescript-transform.mjs';

/** The rooms that the store loads, compiled: other threads and processes know no TypeScript. Answers where its thread starts. */
export function compileStore(folder: string): URL {
  for (const room of ['history', 'bullmq', 'model', 'platform', 'task-api']) {
    const from = join(projectRoot, 'src', room);
    for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )) {
      const { code } = compiler.process(readFileSync(join(from, file), 'utf8'), file);
      const target = join(folder, room, file.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, code);
    }
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(projectRoot, 'node_modules'), join(folder, 'node_modules'));
  return pathToFileURL(join(folder, 'history/sqlite/store-thread.js'));
}
