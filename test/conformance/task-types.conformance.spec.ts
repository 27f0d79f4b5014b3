import { beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { TaskRegistry } from '../../src/registry/task-registry.js';
import { defaultTaskTypesDir, loadTaskTypes } from '../../src/registry/load-task-types.js';
import type { JsonSchema, TaskType } from '../../src/registry/task-type.js';
import { RoostError } from '../../src/model/errors.js';
import type { TaskHandler } from '../../src/task-api/task-handler.js';
import { fakeContext } from '../support/fake-context.js';

/** How long a handler may take to let go of an aborted task, in milliseconds. */
const ABORT_MS = 1000;

type Input = Record<string, unknown>;

/** One value of every JSON type; those a field does not declare have to be refused. */
const VALUES_BY_TYPE: Record<string, unknown> = {
  string: 'certainly no such value',
  number: 1.5,
  boolean: true,
  object: { unexpected: true },
  array: [{ unexpected: true }],
  null: null,
};

const types = await loadTaskTypes(defaultTaskTypesDir());

/** Rules for every task type. They run over all that are found, so a new one is checked without being named here. */
describe.each(types.map((type): [string, TaskType] => [type.name, type]))('task type %s', (name, type) => {
  const registry = new TaskRegistry(types);
  const ajv = new Ajv2020({ strict: true, strictTypes: false, validateFormats: false });
  let accepts: ValidateFunction;
  let handler: TaskHandler;

  beforeAll(async () => {
    accepts = ajv.compile(type.schema);
    const module = await Test.createTestingModule({ providers: type.providers }).compile();
    handler = module.get(type.handlerClass);
  });

  /** Values that an untouched form sends. */
  const prefill = samples((field) => field.prefill);
  /** The small values of the API docs, without pauses. */
  const example = {
    ...samples((field) => type.schema.properties?.[field.name]?.examples?.[0] ?? field.prefill),
    ...('stepDelayMs' in (type.schema.properties ?? {}) ? { stepDelayMs: 0 } : {}),
  };

  function samples(pick: (field: TaskType['fields'][number]) => unknown): Input {
    const entries = type.fields.map((field): [string, unknown] => [field.name, pick(field)]);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }

  async function problemsWith(input: unknown): Promise<RoostError> {
    const error: unknown = await registry.validate(type, input).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RoostError);
    return error as RoostError;
  }

  it('is in the registry under its name', () => {
    expect(registry.get(name)).toBe(type);
  });

  it('has words for its form', () => {
    for (const { title } of [type, ...type.fields]) expect(title.trim()).not.toBe('');
  });

  it.each([
    ['prefill', prefill],
    ['example', example],
  ])('takes its own %s, and so does its schema', async (_, input) => {
    await expect(registry.validate(type, input)).resolves.toBeInstanceOf(type.inputClass);
    expect({ input, errors: accepts(input) ? [] : accepts.errors }).toEqual({ input, errors: [] });
  });

  it('takes its own prefill as a browser posts it', async () => {
    const posted = Object.fromEntries(
      Object.entries(prefill).map(([key, value]) => [
        key,
        typeof value === 'object' ? JSON.stringify(value) : String(value),
      ]),
    );
    const input = await registry.validate(type, registry.parseForm(type, posted));
    expect(accepts(JSON.parse(JSON.stringify(input)))).toBe(true);
  });

  it('takes the validated input again, as the worker does', async () => {
    const once = JSON.parse(JSON.stringify(await registry.validate(type, example))) as Input;
    expect(accepts(once)).toBe(true);
    await expect(registry.validate(type, once)).resolves.toEqual(expect.objectContaining(once));
  });

  it('refuses a field it does not have, by name', async () => {
    const { fields } = await problemsWith({ ...example, unexpected: 1 });
    expect(fields?.map(({ path }) => path)).toEqual(['input.unexpected']);
    expect(accepts({ ...example, unexpected: 1 })).toBe(false);
  });

  it('names every required field that is missing', async () => {
    const required = type.schema.required ?? [];
    if (required.length === 0) return;
    const { fields } = await problemsWith({});
    expect(fields?.map(({ path }) => path).sort()).toEqual(required.map((field) => `input.${field}`).sort());
  });

  it.each(wrongValues(type.schema))('refuses %s = %j and names the field', async (field, value) => {
    const input = { ...example, [field]: value };
    const { fields } = await problemsWith(input);
    expect(fields?.length).toBeGreaterThan(0);
    for (const { path, message } of fields ?? []) {
      expect(path.split(/[.[]/).slice(0, 2)).toEqual(['input', field]);
      expect(message).toMatch(/must|is required|is not a field/);
    }
    expect(accepts(input)).toBe(false);
  });

  it('runs its example: progress to the end, a result of JSON within the limit', async () => {
    const ctx = fakeContext();
    const input = await registry.validate(type, example);
    const result = await handler.run(input, ctx);
    const json = JSON.stringify(result);
    expect(JSON.parse(json)).toEqual(result);
    expect(Buffer.byteLength(json)).toBeLessThanOrEqual(type.resultLimitBytes);

    const { progressCalls } = ctx;
    for (const [index, { done, total, message = '' }] of progressCalls.entries()) {
      expect(done).toBeGreaterThanOrEqual(progressCalls[index - 1]?.done ?? 0);
      expect(done).toBeLessThanOrEqual(total);
      expect(message.length).toBeLessThanOrEqual(200);
    }
    const last = progressCalls.at(-1);
    expect(last?.done).toBe(last?.total);
  });

  it.each(['before it starts', 'at its first progress'])('lets go at once when aborted %s', async (when) => {
    const reason = new Error('somebody cancelled');
    let abortedAt = performance.now();
    const ctx = fakeContext({
      onProgress: (_, running) => {
        if (running.signal.aborted) return;
        abortedAt = performance.now();
        running.abort(reason);
      },
    });
    if (when === 'before it starts') ctx.abort(reason);
    const input = await registry.validate(type, prefill);
    // A short one may as well come to its end; what it must not do is run on, or hide the reason behind another error.
    const outcome: unknown = await (async () => handler.run(input, ctx))().catch((error: unknown) => error);
    if (outcome instanceof Error) expect(outcome).toBe(reason);
    expect(performance.now() - abortedAt).toBeLessThan(ABORT_MS);
  });
});

function wrongValues(schema: JsonSchema): [field: string, value: unknown][] {
  return Object.entries(schema.properties ?? {}).flatMap(([field, property]) => {
    const declared = [property.type ?? Object.keys(VALUES_BY_TYPE)].flat();
    const allowed = new Set(declared.flatMap((type) => (type === 'integer' ? [] : [type])));
    return Object.entries(VALUES_BY_TYPE)
      .filter(([type]) => !allowed.has(type))
      .map(([, value]): [string, unknown] => [field, value]);
  });
}
