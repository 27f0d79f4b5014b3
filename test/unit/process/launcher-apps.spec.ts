import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { projectRoot, TestProcess } from '../../support/processes.js';

/** Keeps one app as `npm start` does, and says what it is told of its end. */
const launcher = (script: string) => `
  const { App } = await import('./scripts/apps.mjs');
  const guard = { lifeline: 'ignore', watch() {}, forget() {} };
  const app = new App({ name: 'worker', title: 'The worker', script: ${JSON.stringify(script)}, env: {}, guard,
    onEnd: () => { console.log('it was asked to stop'); process.exit(0); } });
  app.show();
  app.start();`;

describe('what npm start makes of an app that ends', () => {
  let folder: string;
  const start = (name: string, code: string) => {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, `process.send({ type: 'ready' });\n${code}`);
    const script = launcher(relative(join(projectRoot, 'dist'), file));
    return new TestProcess(name, process.execPath, ['--input-type=module', '-e', script], {
      cwd: projectRoot,
    });
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'roost-apps-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('with 0 after it said that it leaves: a wish', async () => {
    const npm = start('wish', `process.send({ type: 'leaving' }, () => process.exit(0));`);
    expect((await npm.ended).code).toBe(0);
    expect(npm.output).toContain('it was asked to stop');
  });

  it.each([
    ['with 0 and without a word', 'process.exit(0)', 'exit code 0'],
    ['with 1', 'process.exit(1)', 'exit code 1'],
  ])('%s: a crash, so that it starts again', async (name, code, how) => {
    const npm = start(name.replaceAll(' ', '-'), `${code};`);
    await npm.waitForOutput(new RegExp(`The worker ended \\(${how}\\); starting it again in 1 s`));
    await npm.waitForOutput(/starting it again in 2 s/);
    await npm.kill();
  });
});
