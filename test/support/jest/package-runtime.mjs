import Runtime from 'jest-runtime';
import { createRequire, isBuiltin } from 'node:module';
import { sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SyntheticModule } from 'node:vm';

const require = createRequire(import.meta.url);
const PACKAGES = `${sep}node_modules${sep}`;
/** Holds the tests of one spec in module scope, so each spec gets a new one. */
const CIRCUS = `${sep}jest-circus${sep}`;

/** Packages and core modules as modules that specs can import, by path. */
const shared = new Map();

async function toModule(identifier, exports) {
  const module = new SyntheticModule(
    Object.keys(exports),
    () => {
      for (const [name, value] of Object.entries(exports)) module.setExport(name, value);
    },
    { identifier },
  );
  if (module.status === 'unlinked') await module.link(() => {});
  await module.evaluate();
  return module;
}

function sharedModule(path, load) {
  let module = shared.get(path);
  if (!module) {
    module = load().then((exports) => toModule(path, exports));
    shared.set(path, module);
  }
  return module;
}

/**
 * Loads the files of this project anew for each spec, as Jest does, but packages only once a process. Jest would load
 * Nest, BullMQ and the like again for each spec, which takes more time than the tests. Needs MainRealmEnvironment.
 * Mocks of modules are not supported: no spec uses them.
 */
export default class PackageRuntime extends Runtime {
  constructor(...args) {
    super(...args);
    // Jest's way to import without promises, of newer versions of Node, does not pass resolveModule.
    this._resolution.canResolveSync = () => false;
    this.esmLoader.getContext = () => undefined;
    const inherited = this.esmLoader.resolveModule.bind(this.esmLoader);
    this.esmLoader.resolveModule = async (specifier, from, context) => {
      if (specifier === '@jest/globals' || specifier.startsWith('data:'))
        return inherited(specifier, from, context);
      if (isBuiltin(specifier)) return inherited(specifier, from, context);
      const path = await this._resolution.resolveEsmAsync(from, specifier);
      if (path.includes(PACKAGES)) return sharedModule(path, () => import(pathToFileURL(path)));
      return inherited(specifier, from, context);
    };
  }

  requireModule(from, name, options) {
    if (name && isBuiltin(name)) return super.requireModule(from, name, options);
    const path = this._resolution.resolveCjs(from, name);
    return path.includes(PACKAGES) ? require(path) : super.requireModule(from, name, options);
  }

  /** Jest itself. */
  requireInternalModule(from, name) {
    const path = name ? createRequire(from).resolve(name) : from;
    if (path.includes(CIRCUS)) delete require.cache[path];
    return require(path);
  }
}
