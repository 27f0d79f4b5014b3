import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { projectRoot } from '../../support/processes.js';

const folder = mkdtempSync(join(tmpdir(), 'roost-exit-'));
const compiled = join(folder, 'process-exit.mjs');
const MODULE = pathToFileURL(compiled).href;

interface Outcome {
  code: number | string | null | undefined;
  signal?: string | null;
  stdout: string;
}

/** Runs `code` in a process of its own that is guarded; `handler` is what the guard is told. */
function run(code: string, { handler = true } = {}): Promise<Outcome> {
  const script = `
    import { guardExit, leave, markUnexpectedExits, setExitGuard, stopSelf } from '${MODULE}';
    import * as imported from 'node:process';
    markUnexpectedExits();
    guardExit();
    setExitGuard({ isHandler: () => ${handler}, onCall: (error) => console.log(error.message) });
    const quietly = (work) => { try { return work(); } catch { console.log('threw'); } };
    ${code}`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], (error, stdout) =>
      resolve({ code: error ? error.code : 0, signal: error?.signal, stdout: stdout.trim() }),
    );
  });
}

describe('a process that is guarded', () => {
  beforeAll(() => {
    const source = readFileSync(join(projectRoot, 'src/platform/process-exit.ts'), 'utf8');
    const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
    writeFileSync(compiled, ts.transpileModule(source, { compilerOptions }).outputText);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['process.exit(0)', 'process.exit(0)'],
    ['process.exit(78)', 'process.exit(78)'],
    ['process.exit()', 'process.exit()'],
    ['imported.exit(3)', 'process.exit(3)'],
    ['process.abort()', 'process.abort()'],
    ['process.kill(process.pid)', 'process.kill(PID, "SIGTERM")'],
    ["process.kill(process.pid, 'SIGKILL')", 'process.kill(PID, "SIGKILL")'],
    ['process.kill(-process.pid, 9)', 'process.kill(-PID, 9)'],
    ['process.kill(0, 15)', 'process.kill(0, 15)'],
  ])('outlives %s of a handler, which gets an error', async (call, shown) => {
    const { code, stdout } = await run(
      `quietly(() => ${call}); console.log(process.pid); setTimeout(() => leave(0), 50);`,
    );
    const [message, threw, pid] = stdout.split('\n');
    expect(message!.replace(pid!, 'PID')).toMatch(/^The handler called .*Return or throw instead\.$/);
    expect(message!.replace(pid!, 'PID')).toContain(`called ${shown}, which`);
    expect(threw).toBe('threw');
    expect(code).toBe(0);
  });

  it('lets a handler ask for processes, and signal those of others and itself where nothing ends', async () => {
    const { stdout } = await run(`
      process.kill(process.pid, 0);
      process.on('SIGUSR2', () => { console.log('heard'); leave(0); });
      process.kill(process.pid, 'SIGUSR2');
      setTimeout(() => undefined, 5_000);`);
    expect(stdout).toBe('heard');
  });

  it('outlives an exit that code outside of handlers calls, and can be signalled by it', async () => {
    const { code, stdout } = await run(
      `quietly(() => process.exit(0));
       process.on('SIGTERM', () => { console.log('asked'); leave(0); });
       stopSelf();
       setTimeout(() => undefined, 5_000);`,
      { handler: false },
    );
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^Code that is not Roost's called process\.exit\(0\)/),
      'threw',
      'asked',
    ]);
    expect(code).toBe(0);
  });

  it('ends with 1 where nobody asked for its end', async () => {
    // The loop is empty; and past the guard, by what Node itself would call.
    expect(await run('')).toMatchObject({ code: 1 });
    expect(await run('leave(75)')).toMatchObject({ code: 75 });
    expect(await run('leave(0)')).toMatchObject({ code: 0 });
  });
});
