import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
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
    const lines = Array.from({ length: 500 }, (_, i) => `exports.value${i} = [${i}].map((n) => n + ${i});`);
    installPackage('inside', {}, `exports.Inside = class Inside {};\n${lines.join('\n')}`);
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
    // Its main file is one that the bundle knows to load a package with data of its own, for a single function.
    const phones = 'cjs/decorator/string/IsPhoneNumber.js';
    installPackage('class-validator', { main: phones }, '');
    write(
      `node_modules/class-validator/${phones}`,
      'const max_1 = require("libphonenumber-js/max"); exports.isPhone = (text) => (0, max_1.parse)(text) === 5;',
    );
    installPackage('libphonenumber-js', {}, '');
    write(
      'node_modules/libphonenumber-js/max.js',
      'globalThis.arePhonesLoaded = true; exports.parse = (text) => text.length;',
    );
    write(
      'dist/task-types/mail/mail.task.js',
      "import { Shared } from 'users'; import { Registry } from '../../registry/types.js'; export { Shared, Registry };",
    );
    write(
      'dist/main.js',
      `import { Registry } from './registry/types.js';
       import { name } from './registry/inner.js';
       import { isPhone } from 'class-validator';
       const arePhonesEager = globalThis.arePhonesLoaded === true;
       const mail = await import(new URL('./task-types/mail/mail.task.js', import.meta.url));
       console.log(JSON.stringify({
         name, className: Registry.name, address: import.meta.url,
         arePhonesEager, isPhone: isPhone('12345'), arePhonesLoaded: globalThis.arePhonesLoaded,
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

  it('loads the data of telephone numbers when they are checked', async () => {
    const said: unknown = JSON.parse(await run('dist/main.js'));
    expect(said).toMatchObject({ arePhonesEager: false, isPhone: true, arePhonesLoaded: true });
  });

  it('maps the lines of our own modules, and of a package the first alone', () => {
    const maps = readdirSync(join(folder, 'dist/bundle'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.map'))
      .map((file) => readFileSync(join(folder, 'dist/bundle', file), 'utf8'));
    expect(maps.some((map) => map.includes('registry/inner.js'))).toBe(true);
    // With all lines of the package it would be ten times as long.
    expect(Math.max(...maps.map((map) => map.length))).toBeLessThan(3000);
  });

  it('leaves what the compiler made beside it', () => {
    expect(existsSync(join(folder, 'dist/main.unbundled.js'))).toBe(true);
    expect(readdirSync(join(folder, 'dist')).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
