import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectRoot, TestProcess } from '../../support/processes.js';

describe('the bundle of the apps', () => {
  let folder: string;

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const installPackage = (name: string, manifest: object, code: string) => {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js', ...manifest }));
    write(`node_modules/${name}/index.js`, code);
  };
  const run = async (script: string, args: string[] = []) => {
    const one = new TestProcess('node', process.execPath, ['--enable-source-maps', ...args, script], {
      cwd: folder,
    });
    await one.ended;
    return one.output.trim();
  };

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'roost-bundle-')));
    write('package.json', '{ "type": "module" }');
    installPackage('inside', {}, 'exports.Inside = class Inside {};');
    installPackage('shared', {}, 'exports.Shared = class Shared {};');
    installPackage(
      'users',
      { peerDependencies: { shared: '*' } },
      "exports.Shared = require('shared').Shared;",
    );
    write(
      'dist/registry/types.js',
      "import { Shared } from 'shared'; export class Registry { Shared = Shared }",
    );
    write('dist/registry/inner.js', "import { Inside } from 'inside'; export const name = Inside.name;");
    write(
      'dist/task-types/mail/mail.task.js',
      "import { Shared } from 'users'; import { Registry } from '../../registry/types.js'; export { Shared, Registry };",
    );
    write(
      'dist/main.js',
      `import { Registry } from './registry/types.js';
       import { name } from './registry/inner.js';
       const mail = await import(new URL('./task-types/mail/mail.task.js', import.meta.url));
       console.log(JSON.stringify({
         name, className: Registry.name, address: import.meta.url,
         sameOfPackage: mail.Shared === new Registry().Shared, sameOfOurs: mail.Registry === Registry,
       }));`,
    );
    for (const path of [
      'worker.js',
      'worker/isolation/child.js',
      'worker/isolation/orphan-guard.js',
      'history/recording/recorder-thread.js',
      'history/sqlite/store-thread.js',
      'history/sqlite/backup/backup-process.js',
    ]) {
      write(`dist/${path}`, 'console.log(import.meta.url);');
    }
    const script = `const { bundle } = await import('./scripts/bundle.mjs'); await bundle(${JSON.stringify(join(folder, 'dist'))});`;
    const bundler = new TestProcess('bundler', process.execPath, ['--input-type=module', '-e', script], {
      cwd: projectRoot,
    });
    expect({ ...(await bundler.ended), output: bundler.output }).toEqual({
      code: 0,
      signal: null,
      output: '',
    });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('starts from the same file, holds its packages and preserves class names', async () => {
    const said = JSON.parse(await run('dist/main.js')) as Record<string, unknown>;
    expect(said).toMatchObject({ name: 'Inside', className: 'Registry' });
    expect(said.address).toBe(`file://${folder}/dist/bundle/main.js`);
    rmSync(join(folder, 'node_modules/inside'), { recursive: true });
    expect(JSON.parse(await run('dist/main.js'))).toMatchObject({ name: 'Inside' });
  });

  it("has one copy of a class that a task type's package shares with Roost", async () => {
    expect(JSON.parse(await run('dist/main.js'))).toMatchObject({ sameOfPackage: true, sameOfOurs: true });
  });

  it('starts threads and processes from the bundle', async () => {
    for (const path of ['worker/isolation/child.js', 'history/sqlite/store-thread.js']) {
      expect(await run(`dist/bundle/${path}`)).toBe(`file://${folder}/dist/bundle/${path}`);
    }
  });

  it('leaves what the compiler made beside it', () => {
    expect(existsSync(join(folder, 'dist/main.unbundled.js'))).toBe(true);
    expect(readdirSync(join(folder, 'dist')).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
