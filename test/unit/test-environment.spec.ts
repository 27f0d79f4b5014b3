import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { RoostError } from '../../src/model/errors.js';

interface Environment {
  teardown(): Promise<void>;
}

const { default: MainRealmEnvironment } = (await import(
  '../support/jest/main-realm-environment.mjs' as string
)) as { default: new (options: object) => Environment };

const projectConfig = { fakeTimers: {}, testEnvironmentOptions: {} };

describe('the environment of the specs', () => {
  it('puts globals, variables and listeners back after a spec', async () => {
    process.env.ROOST_TEST_CHANGED = 'before';
    const env = { ...process.env };
    const { setTimeout, performance } = globalThis;
    const { exit } = process;
    const { run } = AsyncLocalStorage.prototype;
    const listeners = process.listeners('SIGUSR2');

    const environment = new MainRealmEnvironment({ projectConfig });
    Object.assign(globalThis, { leftByASpec: 1, setTimeout: () => 0 });
    process.env.ROOST_TEST_CHANGED = 'after';
    process.env.ROOST_TEST_NEW = '1';
    process.exit = (() => undefined) as never;
    process.on('SIGUSR2', () => undefined);
    const storage = new AsyncLocalStorage<number>();
    storage.enterWith(1);
    await environment.teardown();

    expect(globalThis).not.toHaveProperty('leftByASpec');
    expect(globalThis.setTimeout).toBe(setTimeout);
    expect(globalThis.performance).toBe(performance);
    expect({ ...process.env }).toEqual(env);
    expect(process.exit).toBe(exit);
    expect(process.listeners('SIGUSR2')).toEqual(listeners);
    expect(AsyncLocalStorage.prototype.run).toBe(run);
    expect(storage.getStore()).toBeUndefined();
  });

  it('shares the classes of JavaScript, of Node and of packages with the specs', () => {
    expect(() => readFileSync('/nowhere')).toThrow(Error);
    expect(structuredClone([])).toBeInstanceOf(Array);
    const required = createRequire(import.meta.url)('@nestjs/common') as { Logger: unknown };
    expect(required.Logger).toBe(Logger);
    expect(new RoostError('NOT_FOUND', 'gone')).toBeInstanceOf(Error);
  });

  it('fakes the timers that packages see', () => {
    const { setTimeout } = globalThis;
    jest.useFakeTimers();
    expect(globalThis.setTimeout).not.toBe(setTimeout);
    jest.useRealTimers();
    expect(globalThis.setTimeout).toBe(setTimeout);
  });
});
