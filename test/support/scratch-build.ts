import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { projectRoot } from './processes.js';

const { unbundle } = (await import('../../scripts/bundle.mjs' as string)) as {
  unbundle(dist: string): void;
};

/**
 * The compiled project in a folder of its own with more task types: those of a folder of fixtures. They import from
 * `src/task-api` and `src/model` as the others of the tests do, and find the build's.
 */
export class ScratchBuild {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'roost-build-')));

  /** @param bundled makes the bundle anew with the fixtures, which takes 2 s of processor time: for many starts. */
  constructor(fixtures: string, { bundled = false } = {}) {
    cpSync(join(projectRoot, 'dist'), join(this.folder, 'dist'), { recursive: true });
    // The bundle has the project's own task types only.
    unbundle(join(this.folder, 'dist'));
    for (const name of ['node_modules', 'views', 'package.json']) {
      symlinkSync(join(projectRoot, name), join(this.folder, name));
    }
    const from = join(projectRoot, 'test/support/fixtures', fixtures);
    const { config } = ts.readConfigFile(join(projectRoot, 'tsconfig.json'), (path) =>
      readFileSync(path, 'utf8'),
    );
    const { options } = ts.convertCompilerOptionsFromJson(
      (config as { compilerOptions: object }).compilerOptions,
      projectRoot,
    );
    // A file on its own does not tell that the package is one of ES modules.
    const compilerOptions = { ...options, module: ts.ModuleKind.ESNext };
    for (const file of readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )) {
      const source = readFileSync(join(from, file), 'utf8').replaceAll(/(\.\.\/)+src\//g, '../../');
      const { outputText, sourceMapText } = ts.transpileModule(source, { fileName: file, compilerOptions });
      const target = join(this.folder, 'dist/task-types', file.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, outputText);
      const original = relative(dirname(target), join(this.folder, 'src/task-types', file));
      const map = { ...(JSON.parse(sourceMapText!) as object), sources: [original] };
      writeFileSync(`${target}.map`, JSON.stringify(map));
    }
    if (bundled) this.bundle();
  }

  private bundle(): void {
    const dist = JSON.stringify(join(this.folder, 'dist'));
    const script = `const { bundle } = await import('./scripts/bundle.mjs'); await bundle(${dist});`;
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: projectRoot });
  }

  /** Processes that run isolated tasks of this build, by pid. Linux only. */
  children(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        const command = commandOf(pid);
        return command.includes(this.folder) && command.includes('/worker/isolation/child.js');
      })
      .map(Number);
  }

  /** Changes one place of the compiled code; `file` from the build's folder. Those started afterwards run it. */
  edit(file: string, what: RegExp, by: string): void {
    const path = join(this.folder, file);
    const before = readFileSync(path, 'utf8');
    const after = before.replace(what, by);
    if (after === before) throw new Error(`${file} has nothing like ${what}`);
    writeFileSync(path, after);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Linux only. */
export function isRunning(pid: number): boolean {
  return commandOf(String(pid)) !== '';
}

/** Empty for one that is gone, or has ended and was not collected yet. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
