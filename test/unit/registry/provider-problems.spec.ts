import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost, LazyModuleLoader, ModuleRef, NestFactory, Reflector } from '@nestjs/core';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { fileURLToPath } from 'node:url';
import { RegistryError } from '../../../src/registry/registry-error.js';
import { loadTaskTypes } from '../../../src/registry/load-task-types.js';
import type { TaskType } from '../../../src/registry/task-type.js';
import { loadSettings } from '../../../src/platform/config/load-settings.js';
import { OFFERED_TO_HANDLERS } from '../../../src/worker/offered-to-handlers.js';
import { WorkerModule } from '../../../src/worker/worker.module.js';
import { UNBUILDABLE } from '../../support/unbuildable.js';

const fixtures = fileURLToPath(new URL('../../support/fixtures/task-types-unbuildable', import.meta.url));

describe('what a worker could not build', () => {
  let problems: readonly string[];
  beforeAll(async () => {
    const error: unknown = await loadTaskTypes(fixtures, { offered: OFFERED_TO_HANDLERS }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(RegistryError);
    ({ problems } = error as RegistryError);
  });

  it.each(UNBUILDABLE)('is named at boot with type, file, class and cure: %s', (problem) => {
    expect(problems).toContain(problem);
  });

  it('is all that is named', () => {
    expect([...problems].sort()).toEqual([...UNBUILDABLE].sort());
  });
});

describe('what handlers may inject', () => {
  it('is there in a worker', async () => {
    @Injectable()
    class Asks {}
    const tokens = [...OFFERED_TO_HANDLERS, ModuleRef, Reflector, HttpAdapterHost, LazyModuleLoader];
    tokens.forEach((token, index) => Inject(token as never)(Asks, undefined, index));
    const type = { providers: [Asks] } as unknown as TaskType;
    const settings = loadSettings({ REDIS_URL: 'redis://127.0.0.1:1' });
    // Resolves what each class asks for, and builds nothing.
    const app = NestFactory.createApplicationContext(
      WorkerModule.forRoot(settings, pino({ level: 'silent' }), [type]),
      {
        preview: true,
        abortOnError: false,
        logger: false,
      },
    );
    await expect(app).resolves.toBeDefined();
    Inject('nobody')(Asks, undefined, tokens.length);
    const failing = NestFactory.createApplicationContext(
      WorkerModule.forRoot(settings, pino({ level: 'silent' }), [type]),
      {
        preview: true,
        abortOnError: false,
        logger: false,
      },
    );
    await expect(failing).rejects.toThrow(/can't resolve dependencies/);
  });
});
