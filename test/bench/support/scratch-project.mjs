import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { anyFreePort } from '../../../scripts/ports.mjs';
import { inRoot, root } from '../../../scripts/project.mjs';
import { BenchProcess } from './processes.mjs';
import { until } from './until.mjs';

/** Files that a clone does not have. The build is copied: the second start is measured. */
const NOT_COPIED = new Set(['.git', '.cache', '.env', 'coverage', 'data', 'logs', 'node_modules']);

/** The project in a folder of its own, to run `npm start` in, beside one that may run in the real folder. */
export class ScratchProject {
  constructor(scratch) {
    this.folder = join(scratch, 'project');
    mkdirSync(this.folder);
    cpSync(root, this.folder, {
      recursive: true,
      // The build's stamp is compared with the times of its files.
      preserveTimestamps: true,
      filter: (path) => !NOT_COPIED.has(relative(root, path).split(sep)[0] ?? ''),
    });
    symlinkSync(inRoot('node_modules'), join(this.folder, 'node_modules'));
  }

  /** Resolves when it says that it is ready; `stop` ends it as Ctrl-C does. */
  async start() {
    const env = { PORT: String(await anyFreePort()) };
    const npm = new BenchProcess('npm-start', 'npm', ['start'], { cwd: this.folder, env });
    await until('Roost is running', () => isReady(npm), { everyMs: 10, limitMs: 120_000 });
    return { stop: () => npm.stop('SIGINT') };
  }
}

function isReady(npm) {
  if (!npm.isRunning) throw new Error(`npm start has ended. It said:\n${npm.output.slice(-2000)}`);
  return npm.output.includes('Roost is running');
}
