// Bundles what tsc made in dist/ with the packages it imports into dist/bundle/, which starts in half the time.
// dist/main.js and dist/worker.js then start the bundle; what tsc made of them stays as main.unbundled.js.
// The scripts and stylesheets of the pages are bundled into dist/assets/.
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';

const APPS = ['main.js', 'worker.js'];

/** Files that a process or thread starts from. */
const ENTRIES = [
  ...APPS,
  'worker/isolation/child.js',
  'worker/isolation/orphan-guard.js',
  'history/recording/recorder-thread.js',
  'history/sqlite/store-thread.js',
  'history/sqlite/backup/backup-process.js',
];

/** Script and stylesheets that the layouts of the pages name. */
const PAGE_ENTRIES = ['main.js', 'main.css', 'door.css'];

/** Native packages, packages that read files of their own, and packages loaded only when they are used. */
const EXTERNAL = ['libsql', 'hbs', 'pino', 'swagger-ui-dist', 'idiomorph', 'openid-client'];

/** Parts that a module loads at its start, and uses in few of its functions: evaluated at their first use instead. */
const LATE = {
  'class-validator/cjs/decorator/string/IsPhoneNumber.js': 'libphonenumber-js/max',
  'bullmq/dist/cjs/classes/job-scheduler.js': 'cron-parser',
  'bullmq/dist/cjs/postgres/sql-loader.js': './sql-scripts',
};

/** Optional packages of Nest and others that are not installed. */
const ABSENT = ['@nestjs/microservices', '@nestjs/websockets', '@fastify/static', 'msgpackr-extract'];

/**
 * Source map of a package's module, with its first line alone: stacks need the lines of src/ only, and Node reads and parses
 * all maps at a start. esbuild ignores a map without any source and writes one of its own.
 */
const NO_MAP =
  '\n//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIiJdLCJtYXBwaW5ncyI6IkFBQUEifQ==';

/** Defines what packages in CommonJS and the addresses of our own modules need. */
const BANNER = [
  "import{createRequire as __createRequire}from'node:module'",
  'const require=__createRequire(import.meta.url)',
  "const __bundle=import.meta.url.slice(0,import.meta.url.lastIndexOf('/dist/bundle/')+13);",
].join(';');

/** Bundles the compiled files in `dist`. Task types remain files of their own, which the registry finds by name. */
export async function bundle(dist) {
  // A deployment has no bundler, and loads this file all the same.
  const esbuild = await import('esbuild');
  const outdir = join(dist, '.bundle-unfinished');
  rmSync(outdir, { recursive: true, force: true });
  const types = join(dist, 'task-types');
  const taskTypes = readdirSync(types, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .map((file) => join('task-types', file));
  const work = esbuild.build({
    entryPoints: [...ENTRIES, ...taskTypes].map((file) => join(dist, file)),
    outbase: dist,
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['main'],
    minifyWhitespace: true,
    minifySyntax: true,
    // Nest and the registry identify classes by name.
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'error',
    banner: { js: BANNER },
    plugins: [packagesOf(dist, types), ownModules(dist)],
  });
  // Its process would otherwise run as long as ours.
  await work.finally(() => esbuild.stop());
  rmSync(join(dist, 'bundle'), { recursive: true, force: true });
  renameSync(outdir, join(dist, 'bundle'));
  for (const file of APPS) {
    renameSync(join(dist, file), join(dist, file.replace('.js', '.unbundled.js')));
    writeFileSync(join(dist, file), `import './bundle/${file}';\n`);
  }
}

/** Puts what the pages load into one file each, so that a page asks for 7 files instead of 31. */
export async function bundleAssets(views, dist) {
  const esbuild = await import('esbuild');
  const work = esbuild.build({
    entryPoints: PAGE_ENTRIES.map((file) => join(views, 'assets', file)),
    outdir: join(dist, 'assets'),
    bundle: true,
    format: 'esm',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'error',
  });
  await work.finally(() => esbuild.stop());
}

/** Restores what tsc made, for changes in the compiled files. */
export function unbundle(dist) {
  rmSync(join(dist, 'bundle'), { recursive: true, force: true });
  for (const file of APPS) renameSync(join(dist, file.replace('.js', '.unbundled.js')), join(dist, file));
}

/**
 * Decides which packages are part of the bundle. A package that only task types import stays outside; so does all
 * that it shares with Roost, such as Nest itself: there must be one copy of a class that both sides know.
 */
function packagesOf(dist, types) {
  const own = ownPackages(dist);
  const foreign = packagesImportedBy(types).filter((name) => !own.has(name));
  const external = new Set([...EXTERNAL, ...ABSENT, ...foreign, ...dependenciesOf(foreign, types)]);
  return {
    name: 'packages',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
        kind !== 'entry-point' && external.has(packageName(path)) ? { path, external: true } : undefined,
      );
    },
  };
}

/** Keeps the addresses of modules and the lines of src/, and drops the source maps of packages. */
function ownModules(dist) {
  return {
    name: 'own modules',
    setup(build) {
      build.onLoad({ filter: /\.[cm]?js$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        if (!path.startsWith(dist + sep)) return { contents: loadLate(path, text) + NO_MAP, loader: 'js' };
        const address = JSON.stringify(relative(dist, path).replaceAll(sep, '/'));
        const contents = text
          // This package is read as a whole by name; a bundle has it anyway.
          .replaceAll(/createRequire\(import\.meta\.url\)\((?=')/g, 'require(')
          .replaceAll('import.meta.url', `new URL(${address},__bundle).href`);
        return { contents, loader: 'js', resolveDir: dirname(path) };
      });
    },
  };
}

/** Replaces a part that a module loads at its start by an object that loads it at the first use of a member. */
function loadLate(path, text) {
  const late = LATE[path.replaceAll(sep, '/').split('/node_modules/').at(-1)];
  if (late === undefined) return text;
  const load = `require("${late}")`;
  if (text.split(load).length !== 2) throw new Error(`${path} does not load ${late} once any more`);
  return text.replace(load, `new Proxy({}, { get: (_, name) => ${load}[name] })`);
}

function packageName(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Returns the packages that compiled files of a folder import by name. */
function packagesImportedBy(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => [
      ...readFileSync(join(folder, file), 'utf8').matchAll(
        /\b(?:from|import|require)[\s(]*['"]([^'"./][^'"]*)['"]/g,
      ),
    ])
    .map(([, specifier]) => packageName(specifier))
    .filter((name) => !isBuiltin(name));
  return [...new Set(names)];
}

/** Returns the packages that the rest of the program imports. */
function ownPackages(dist) {
  const folders = readdirSync(dist, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['bundle', 'task-types'].includes(entry.name))
    .map((entry) => join(dist, entry.name));
  return new Set(folders.flatMap(packagesImportedBy));
}

/** Returns all that packages depend on, directly or not, peers included. */
function dependenciesOf(names, from) {
  const found = new Set();
  const visit = (name, folder) => {
    const manifest = manifestOf(name, folder);
    if (!manifest) return;
    const { dependencies, peerDependencies, optionalDependencies } = manifest.content;
    for (const next of Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies })) {
      if (found.has(next)) continue;
      found.add(next);
      visit(next, manifest.folder);
    }
  };
  for (const name of names) visit(name, from);
  return found;
}

function manifestOf(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, 'node_modules', name, 'package.json');
    if (existsSync(path)) return { folder: dirname(path), content: JSON.parse(readFileSync(path, 'utf8')) };
    if (folder === dirname(folder)) return undefined;
  }
}
