import { beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { fileURLToPath } from 'node:url';
import { RegistryModule } from '../../../src/registry/registry.module.js';
import { TaskRegistry } from '../../../src/registry/task-registry.js';
import { loadTaskTypes } from '../../../src/registry/load-task-types.js';
import { RoostError } from '../../../src/model/errors.js';
import { fakeContext } from '../../support/fake-context.js';

const GOOD = fileURLToPath(new URL('../../support/fixtures/task-types-good', import.meta.url));
const BROKEN = fileURLToPath(new URL('../../support/fixtures/task-types-broken', import.meta.url));

describe('Catalog', () => {
  let registry: TaskRegistry;
  beforeAll(async () => {
    registry = new TaskRegistry((await loadTaskTypes(GOOD)).reverse());
  });

  const failure = (name: unknown): RoostError => {
    try {
      registry.get(name as string);
    } catch (error) {
      if (error instanceof RoostError) return error;
    }
    throw new Error('get did not refuse');
  };

  it('gives a type by name', () => {
    expect(registry.get('send-email').title).toBe('Send e-mail');
    expect(registry.find('send-email')).toBe(registry.get('send-email'));
  });

  it('lists all types by title', () => {
    expect(registry.all().map(({ title }) => title)).toEqual(['Place order', 'Send e-mail']);
  });

  it('suggests the near name for an unknown type, and lists all', () => {
    const error = failure('send_emial');
    expect(error.code).toBe('TASK_TYPE_UNKNOWN');
    const message =
      '`send_emial` is no task type. Did you mean `send-email`? There are: place-order, send-email.';
    expect(error.detail).toBe(message);
    expect(error.fields).toEqual([{ path: 'type', message }]);
  });

  it('makes no guess where nothing is near', () => {
    expect(failure('nope').detail).toBe('`nope` is no task type. There are: place-order, send-email.');
  });

  it.each([undefined, null, 5, {}, 'constructor', '__proto__'])('knows no type named %p', (name) => {
    expect(registry.find(name as string)).toBeUndefined();
    expect(failure(name).code).toBe('TASK_TYPE_UNKNOWN');
  });

  it('does not echo an endless name', () => {
    expect(failure('x'.repeat(100_000)).detail.length).toBeLessThan(200);
  });

  it('reports it when there are no types at all', () => {
    expect(() => new TaskRegistry([]).get('divide')).toThrow('`divide` is no task type. There are none yet.');
  });
});

describe('CatalogModule', () => {
  it('offers the registry of a folder to the whole app', async () => {
    const module = await Test.createTestingModule({
      imports: [RegistryModule.forRoot({ dir: GOOD })],
    }).compile();
    expect(module.get(TaskRegistry, { strict: false }).find('send-email')).toBeDefined();
    await module.close();
  });

  it('takes the types of the house by default', async () => {
    const module = await Test.createTestingModule({ imports: [RegistryModule.forRoot()] }).compile();
    expect(module.get(TaskRegistry).find('divide')).toBeDefined();
    await module.close();
  });

  it('does not start with broken types', async () => {
    const starting = Test.createTestingModule({
      imports: [RegistryModule.forRoot({ dir: BROKEN })],
    }).compile();
    await expect(starting).rejects.toThrow(/^There are \d+ problems with the task types/);
  });

  it('gives a worker all it needs to build a handler with its own services', async () => {
    const registry = new TaskRegistry(await loadTaskTypes(GOOD));
    const type = registry.get('send-email');
    const module = await Test.createTestingModule({ providers: type.providers }).compile();
    const handler = module.get(type.handlerClass);
    const input = await registry.validate(type, { to: 'ada@example.org', copies: 2 });
    await expect(handler.run(input, fakeContext())).resolves.toEqual({
      sent: 2,
      last: 'sent to ada@example.org',
    });
    await module.close();
  });
});
