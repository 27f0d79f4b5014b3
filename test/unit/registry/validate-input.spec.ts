import { beforeAll, describe, expect, it } from '@jest/globals';
import { Transform, Type } from 'class-transformer';
import { IsEmail, IsInt, IsString, Min, MinLength, ValidateNested } from 'class-validator';
import { fileURLToPath } from 'node:url';
import type { InputClass } from '../../../src/registry/input-metadata.js';
import { inputSchema } from '../../../src/registry/input-schema.js';
import { loadTaskTypes } from '../../../src/registry/load-task-types.js';
import type { TaskType } from '../../../src/registry/task-type.js';
import { validateInput } from '../../../src/registry/validate-input.js';
import type { Checkable } from '../../../src/registry/validate-input.js';
import { RoostError } from '../../../src/model/errors.js';
import type { FieldProblem } from '../../../src/model/errors.js';
import { Field } from '../../../src/task-api/field.decorator.js';

const GOOD = fileURLToPath(new URL('../../support/fixtures/task-types-good', import.meta.url));

const ORDER = { lines: [{ sku: 'ABC-1' }], shipTo: { street: 'Main Street 1' } };

function checkable(inputClass: InputClass, name = 'sample'): Checkable {
  return { name, inputClass, schema: inputSchema(inputClass, name, '') };
}

async function refusal(type: Checkable, raw: unknown): Promise<RoostError> {
  const error: unknown = await validateInput(type, raw).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RoostError);
  return error as RoostError;
}

async function problemsOf(type: Checkable, raw: unknown): Promise<FieldProblem[]> {
  return (await refusal(type, raw)).fields ?? [];
}

describe('validateInput', () => {
  let order: Checkable;
  let email: Checkable;
  beforeAll(async () => {
    [order, email] = (await loadTaskTypes(GOOD)) as [TaskType, TaskType];
  });

  it('gives an instance of the input class with the defaults filled in', async () => {
    const input = await validateInput(email, { to: 'ada@example.org' });
    expect(input).toBeInstanceOf(email.inputClass);
    expect({ ...input }).toEqual({ to: 'ada@example.org', copies: 1 });
  });

  it('leaves what it was given alone', async () => {
    const raw = Object.freeze({ to: 'ada@example.org', copies: 3 });
    await expect(validateInput(email, raw)).resolves.toMatchObject(raw);
  });

  it('builds nested values and fills in their defaults', async () => {
    const input = await validateInput(order, {
      ...ORDER,
      lines: [{ sku: 'ABC-1' }, { sku: 'ABC-2', count: 5 }],
    });
    expect(JSON.parse(JSON.stringify(input))).toEqual({
      lines: [
        { sku: 'ABC-1', count: 1 },
        { sku: 'ABC-2', count: 5 },
      ],
      shipTo: { street: 'Main Street 1' },
      delivery: 'slow',
      priority: 1,
      gift: true,
      tags: [],
    });
  });

  it('accepts its own result again, as the worker does', async () => {
    const once = await validateInput(order, { ...ORDER, note: 'hi', tags: ['a'] });
    const twice = await validateInput(order, JSON.parse(JSON.stringify(once)));
    expect(twice).toEqual(once);
  });

  it('takes null of an optional field as left out, and of no other', async () => {
    await expect(validateInput(order, { ...ORDER, note: null })).resolves.toMatchObject({ note: undefined });
    await expect(problemsOf(order, { ...ORDER, gift: null })).resolves.toEqual([
      { path: 'input.gift', message: 'must be true or false, not null' },
    ]);
  });

  it.each([
    [undefined, 'is required: an object such as {"to":"ada@example.org"}'],
    [null, 'must be an object such as {"to":"ada@example.org"}, not null'],
    [[1], 'must be an object such as {"to":"ada@example.org"}, not a list of 1 item'],
    ['{}', 'must be an object such as {"to":"ada@example.org"}, not the text "{}"'],
    [7, 'must be an object such as {"to":"ada@example.org"}, not 7'],
  ])('refuses %j for an input', async (raw, message) => {
    await expect(problemsOf(email, raw)).resolves.toEqual([{ path: 'input', message }]);
  });

  it('refuses unknown fields by name, with the near one and all there are', async () => {
    const problems = await problemsOf(email, { to: 'ada@example.org', copeis: 2, zzz: 1 });
    expect(problems).toEqual([
      {
        path: 'input.copeis',
        message: '`copeis` is not a field of send-email. Did you mean `copies`? Fields: to, copies.',
      },
      { path: 'input.zzz', message: '`zzz` is not a field of send-email. Fields: to, copies.' },
    ]);
  });

  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'refuses a field named %s',
    async (key) => {
      const raw: unknown = JSON.parse(`{"to":"ada@example.org","${key}":{"copies":5}}`);
      const problems = await problemsOf(email, raw);
      expect(problems.map(({ path }) => path)).toEqual([`input.${key}`]);
    },
  );

  it.each(['__proto__', 'constructor', 'prototype'])('refuses %s inside a nested value', async (key) => {
    const raw: unknown = JSON.parse(`{"lines":[{"sku":"ABC-1"},{"sku":"ABC-2","${key}":{"x":1}}]}`);
    await expect(problemsOf(order, raw)).resolves.toEqual([
      { path: `input.lines[1].${key}`, message: `\`${key}\` cannot be used as a name here: rename it.` },
    ]);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('names every wrong value at once, each with what would be right', async () => {
    const raw = {
      lines: [{ sku: 'A', count: 0, cuont: 1 }, 5],
      shipTo: {},
      priceLimit: -1,
      delivery: 'now',
      priority: 7,
      gift: 'yes',
      note: 'x'.repeat(101),
      tags: ['fine', 'much too long'],
      voucher: '??',
    };
    await expect(problemsOf(order, raw)).resolves.toEqual(
      expect.arrayContaining([
        { path: 'input.lines[0].sku', message: 'must be text of 3 to 12 characters, not the text "A"' },
        { path: 'input.lines[0].count', message: 'must be a whole number of at least 1, not 0' },
        {
          path: 'input.lines[0].cuont',
          message: 'is not a field here. Did you mean `count`? Fields: sku, count.',
        },
        { path: 'input.lines[1]', message: 'must be an object, not 5' },
        { path: 'input.shipTo.street', message: 'is required: text of at most 80 characters' },
        { path: 'input.priceLimit', message: 'must be a number above 0, not -1' },
        { path: 'input.delivery', message: 'must be one of slow, fast, pick-up, not the text "now"' },
        { path: 'input.priority', message: 'must be one of 1, 2, not 7' },
        { path: 'input.gift', message: 'must be true or false, not the text "yes"' },
        { path: 'input.note', message: 'must be text of at most 100 characters, not text of 101 characters' },
        { path: 'input.tags', message: 'must be a list, each text of at most 10 characters' },
        { path: 'input.voucher', message: 'must be two letters and two digits' },
      ]),
    );
  });

  it('tells required fields by what they should hold', async () => {
    await expect(problemsOf(order, {})).resolves.toEqual([
      { path: 'input.lines', message: 'is required: a list of 1 to 5 items, each an object' },
      { path: 'input.shipTo', message: 'is required: an object' },
    ]);
    await expect(problemsOf(email, {})).resolves.toEqual([
      { path: 'input.to', message: 'is required: an e-mail address' },
    ]);
  });

  it('does not take a list for an object, nor the other way round', async () => {
    await expect(problemsOf(order, { lines: { sku: 'ABC-1' }, shipTo: [] })).resolves.toEqual([
      { path: 'input.lines', message: 'must be a list of 1 to 5 items, each an object, not an object' },
      { path: 'input.shipTo', message: 'must be an object, not a list of 0 items' },
    ]);
  });

  it('says the first problem in its own sentence, and how many more there are', async () => {
    const error = await refusal(email, { to: 5, copies: 11 });
    expect(error.code).toBe('INPUT_INVALID');
    expect(error.detail).toBe('input.to: must be an e-mail address, not 5 (and 1 more)');
  });

  it('stops telling after fifty problems and counts the rest', async () => {
    const raw = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`field${n}`, n]));
    const problems = await problemsOf(email, { ...raw, to: 'ada@example.org' });
    expect(problems).toHaveLength(51);
    expect(problems.at(-1)).toEqual({ path: 'input', message: 'and 19950 more problems' });
  });

  it('does not look at each of thousands of items in a list that may hold five', async () => {
    const problems = await problemsOf(order, { ...ORDER, lines: Array.from({ length: 20_000 }, () => ({})) });
    expect(problems).toEqual([
      {
        path: 'input.lines',
        message: 'must be a list of 1 to 5 items, each an object, not a list of 20000 items',
      },
    ]);
  });

  it('cuts endless names and values in its messages', async () => {
    const problems = await problemsOf(email, { to: 'x'.repeat(100_000), ['y'.repeat(100_000)]: 1 });
    for (const problem of problems) expect(JSON.stringify(problem).length).toBeLessThan(400);
  });

  it('refuses values nested without end', async () => {
    const raw: unknown = JSON.parse(`{"lines":${'['.repeat(5000)}${']'.repeat(5000)}}`);
    await expect(problemsOf(order, raw)).resolves.toEqual([
      { path: 'input', message: 'is nested deeper than 64 levels' },
    ]);
  });

  it('keeps messages that a class gives itself, beside its own', async () => {
    class Input {
      @Field()
      @IsEmail({}, { message: 'must be an address that we can answer' })
      @MinLength(8)
      to!: string;
    }
    await expect(problemsOf(checkable(Input), { to: 'x' })).resolves.toEqual([
      {
        path: 'input.to',
        message:
          'must be an e-mail address of at least 8 characters, not the text "x"; must be an address that we can answer',
      },
    ]);
  });

  it('leaves the input as it was sent, whatever the class does with it', async () => {
    class Item {
      @IsInt() n!: number;
    }
    class Input {
      @Field()
      @Transform(({ value }) => {
        (value as unknown[]).push('more');
        return (value as unknown[]).length;
      })
      @IsInt()
      list!: number;

      @Field()
      @ValidateNested()
      @Type(() => Item, { discriminator: { property: 'kind', subTypes: [{ name: 'a', value: Item }] } })
      other!: Item;
    }
    const raw = { list: ['one'], other: { kind: 'a', n: 1 } };
    const sent = JSON.stringify(raw);
    await expect(validateInput(checkable(Input), raw)).resolves.toMatchObject({ list: 2 });
    expect(JSON.stringify(raw)).toBe(sent);
  });

  it('lets a class transform its values', async () => {
    class Input {
      @Field()
      @Transform(({ value }) => (typeof value === 'string' ? value.trim() : (value as unknown)))
      @IsString()
      word!: string;

      @Field()
      @IsInt()
      @Min(1)
      count = 4;
    }
    await expect(validateInput(checkable(Input), { word: ' a ' })).resolves.toEqual({ word: 'a', count: 4 });
  });
});
