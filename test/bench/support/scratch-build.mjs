import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundle, unbundle } from '../../../scripts/bundle.mjs';
import { inRoot } from '../../../scripts/project.mjs';
import { peerPackages } from './peers.mjs';

const ON_POSTGRES = 'peers-on-postgres';

/**
 * The compiled project in a folder of its own, with the bench's task types among the others and the programs of the
 * other side (`peers/`) beside it, so that both find the same packages.
 */
export class ScratchBuild {
  constructor(scratch, ts) {
    this.folder = join(scratch, 'build');
    mkdirSync(this.folder);
    cpSync(inRoot('dist'), join(this.folder, 'dist'), { recursive: true });
    unbundle(join(this.folder, 'dist'));
    for (const name of ['node_modules', 'views', 'package.json']) {
      symlinkSync(inRoot(name), join(this.folder, name));
    }
    const options = compilerOptions(ts);
    compile(ts, inRoot('test/bench/task-types'), join(this.folder, 'dist/task-types'), options);
    compile(ts, inRoot('test/bench/peers'), join(this.folder, 'peers'), options);
    const onPostgres = join(this.folder, ON_POSTGRES);
    cpSync(inRoot('test/bench/peers/postgres'), onPostgres, { recursive: true });
    // Packages that are no dependency of ours; where they are missing nobody starts the programs.
    symlinkSync(peerPackages, join(onPostgres, 'node_modules'));
  }

  /** Bundles the apps, as `npm run build` does. */
  bundle() {
    return bundle(join(this.folder, 'dist'));
  }

  get web() {
    return this.#apps('dist').web;
  }

  get worker() {
    return this.#apps('dist').worker;
  }

  /** The same apps with another package wherever they import `name`. */
  with(name, instead) {
    const dist = `dist-with-${instead}`;
    cpSync(join(this.folder, 'dist'), join(this.folder, dist), { recursive: true });
    unbundle(join(this.folder, dist));
    for (const file of readdirSync(join(this.folder, dist), { recursive: true })) {
      if (!file.endsWith('.js')) continue;
      const path = join(this.folder, dist, file);
      const code = readFileSync(path, 'utf8');
      writeFileSync(path, code.replaceAll(`from '${name}'`, `from '${instead}'`));
    }
    return this.#apps(dist);
  }

  #apps(dist) {
    return { web: join(this.folder, dist, 'main.js'), worker: join(this.folder, dist, 'worker.js') };
  }

  /** Path of a compiled program of the other side. */
  peer(name) {
    return join(this.folder, 'peers', `${name}.js`);
  }

  /** Path of a program of the other side that uses Postgres. */
  onPostgres(name) {
    return join(this.folder, ON_POSTGRES, `${name}.mjs`);
  }
}

function compilerOptions(ts) {
  const { config } = ts.readConfigFile(inRoot('tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, inRoot());
  // A file on its own does not tell that the package is one of ES modules.
  return { ...options, module: ts.ModuleKind.ESNext, sourceMap: false };
}

function compile(ts, from, to, options) {
  for (const file of readdirSync(from, { recursive: true }).filter((name) => name.endsWith('.ts'))) {
    const source = readFileSync(join(from, file), 'utf8').replaceAll(/(\.\.\/)+src\//g, '../../');
    const { outputText } = ts.transpileModule(source, { fileName: file, compilerOptions: options });
    const target = join(to, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
}
