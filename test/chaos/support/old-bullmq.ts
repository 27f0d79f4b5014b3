import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot, TestProcess } from '../../support/processes.js';

/** Workers of this one never consume again after an outage of some seconds (taskforcesh/bullmq#4585). */
const WEDGING = '6.2.0';

/** BullMQ in the version that wedges, in a folder of its own, from the npm registry. */
export class OldBullmq {
  readonly folder = mkdtempSync(join(tmpdir(), 'roost-old-bullmq-'));

  async install(): Promise<void> {
    const { dependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
      dependencies: { ioredis: string };
    };
    writeFileSync(join(this.folder, 'package.json'), '{"private":true,"type":"module"}');
    const args = [
      'install',
      `bullmq-old@npm:bullmq@${WEDGING}`,
      `ioredis@${dependencies.ioredis}`,
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--loglevel=error',
    ];
    const npm = new TestProcess('npm install', 'npm', args, { cwd: this.folder });
    const { code } = await npm.ended;
    if (code !== 0)
      throw new Error(`The control needs bullmq ${WEDGING} from the npm registry:\n${npm.output}`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
