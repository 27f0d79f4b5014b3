import { ModernFakeTimers } from '@jest/fake-timers';
import { ModuleMocker } from 'jest-mock';
import { AsyncLocalStorage } from 'node:async_hooks';

/** Own properties of an object, each with its descriptor, and the function that puts them back. */
function snapshot(object) {
  const before = new Map(Reflect.ownKeys(object).map((key) => [key, descriptorOf(object, key)]));
  return () => {
    for (const key of Reflect.ownKeys(object)) if (!before.has(key)) Reflect.deleteProperty(object, key);
    for (const [key, descriptor] of before) {
      const now = descriptorOf(object, key);
      const changed = !now || now.value !== descriptor.value || now.get !== descriptor.get;
      if (changed) Reflect.defineProperty(object, key, descriptor);
    }
  };
}

const descriptorOf = (object, key) => Reflect.getOwnPropertyDescriptor(object, key);

/** Event listeners of the process, and the function that removes later ones. */
function snapshotListeners() {
  const before = new Map(process.eventNames().map((event) => [event, new Set(process.rawListeners(event))]));
  return () => {
    for (const event of process.eventNames()) {
      for (const listener of process.rawListeners(event)) {
        if (!before.get(event)?.has(listener)) process.removeListener(event, listener);
      }
    }
  };
}

/** Notes each AsyncLocalStorage in use, and switches them off: one left on slows down every later promise. */
function watchAsyncStorages() {
  const used = new Set();
  const restore = snapshot(AsyncLocalStorage.prototype);
  for (const method of ['run', 'enterWith']) {
    const original = AsyncLocalStorage.prototype[method];
    AsyncLocalStorage.prototype[method] = function (...args) {
      used.add(this);
      return original.apply(this, args);
    };
  }
  return () => {
    restore();
    for (const storage of used) storage.disable();
  };
}

/**
 * Runs specs in the realm of the process, because packages are loaded there once for all specs (package-runtime.mjs):
 * an Error or an Array is of the same class on both sides. Globals, the environment variables and listeners of the
 * process are put back after each spec.
 */
export default class MainRealmEnvironment {
  constructor({ projectConfig }) {
    this.restorers = [
      snapshot(globalThis),
      snapshot(process),
      snapshot(process.env),
      snapshotListeners(),
      watchAsyncStorages(),
    ];
    this.global = globalThis;
    this.moduleMocker = new ModuleMocker(globalThis);
    this.fakeTimers = null;
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
  }

  exportConditions = () => ['node', 'node-addons'];

  /** Without a context Node runs code in the main realm. */
  getVmContext = () => undefined;

  async setup() {}

  async teardown() {
    this.fakeTimersModern.dispose();
    for (const restore of this.restorers) restore();
  }
}
