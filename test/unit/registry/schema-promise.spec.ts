import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Transform, Type } from 'class-transformer';
import * as cv from 'class-validator';
import fc from 'fast-check';
import type { InputClass } from '../../../src/registry/input-metadata.js';
import { inputSchema } from '../../../src/registry/input-schema.js';
import { FORMATS, schemaProblems } from '../../../src/registry/schema-check.js';
import { validateInput } from '../../../src/registry/validate-input.js';
import { Field } from '../../../src/task-api/field.decorator.js';
import { inputOf, VALIDATORS, VALUES } from '../../support/validators.js';

const ajv = new Ajv2020({ strict: false, formats: { ...FORMATS }, logger: false });

/** The two verdicts on an input: that of anybody who checks it with the published schema, and ours. */
function judges(inputClass: InputClass) {
  const schema = inputSchema(inputClass, 'Sample', '');
  const check = ajv.compile(schema);
  const door = (raw: unknown) =>
    validateInput({ name: 'sample', inputClass, schema }, raw, undefined, schemaProblems).then(
      () => true,
      () => false,
    );
  return { schema: (raw: unknown) => check(raw), door };
}

const anything = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.integer({ min: -20, max: 20 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.array(fc.constantFrom(...VALUES), { maxLength: 6 }),
  fc.jsonValue({ maxDepth: 2 }),
);

describe('what the published schema promises is what the door does', () => {
  it('for every decorator of class-validator', () => {
    const source = JSON.stringify(Object.values(VALIDATORS).map(({ decorators }) => namesOf(decorators)));
    // Decorators without a promise about their schema: they declare validators, or need a promise as value.
    const others = [
      'Validate',
      'ValidatePromise',
      'ValidateBy',
      'ValidateIf',
      'Allow',
      'ValidatorConstraint',
    ];
    const decorators = Object.keys(cv).filter(
      (name) => /^[A-Z][a-z]/.test(name) && !/^(Validat(or|ionError|ionTypes)|MetadataStorage)$/.test(name),
    );
    const missing = decorators.filter(
      (name) => !others.includes(name) && !source.toLowerCase().includes(`"${name.toLowerCase()}"`),
    );
    expect(missing).toEqual([]);
  });

  it.each(Object.entries(VALIDATORS))('%s', async (_, one) => {
    const { schema, door } = judges(inputOf(one));
    const isExact = !('beyond' in one) || one.beyond === undefined;
    const right = one.right === undefined ? [] : [one.right];
    let accepted = 0;
    const compare = async (raw: object) => {
      const verdicts = { raw, schema: schema(raw), door: await door(raw) };
      if (verdicts.door) accepted++;
      // Where no keyword describes a rule, the input check may refuse more, never less. Most agree: an `expect` for each takes seconds.
      if ((isExact || verdicts.door) && verdicts.schema !== verdicts.door)
        expect(verdicts).toEqual({ raw, schema: verdicts.door, door: verdicts.door });
    };
    await compare({});
    for (const value of [...right, ...VALUES]) await compare({ value });
    await fc.assert(
      fc.asyncProperty(anything, (value) => compare({ value })),
      { numRuns: 40 },
    );
    expect(accepted).toBeGreaterThan(0);
    if (isExact) return;
    const raw = { value: one.beyond };
    expect({ schema: schema(raw), door: await door(raw) }).toEqual({ schema: true, door: false });
  });

  it('for whole inputs', async () => {
    class Part {
      @cv.IsString() @cv.Length(1, 3) name!: string;
      @cv.IsOptional() @cv.IsIn([1, 2, 3]) size?: number;
    }
    class Order {
      @Field() @cv.IsInt() @cv.Min(1) @cv.Max(9) count!: number;
      @Field() @cv.IsString() title = 'none';
      @Field() @cv.IsOptional() @cv.IsIP() from?: string;
      @Field() @cv.IsBoolean() gift = false;
      @Field() @cv.ArrayUnique() @cv.ValidateNested({ each: true }) @Type(() => Part) parts: Part[] = [];
      @Field() @cv.IsOptional() @cv.ValidateNested() @Type(() => Part) main?: Part;
      @Field({ schema: { type: 'string' } })
      @Transform(({ value }) => String(value).trim())
      @cv.IsString()
      note = '';
    }
    const part = fc.record(
      {
        name: fc.constantFrom<unknown>('a', 'bc', '', 'abcd', 1),
        size: fc.constantFrom<unknown>(1, 3, 4, null, '1'),
        more: fc.constant(1),
      },
      { requiredKeys: ['name'] },
    );
    const order = fc.record(
      {
        count: fc.constantFrom<unknown>(1, 9, 10, '1', null),
        title: fc.constantFrom<unknown>('x', '', 1, null),
        from: fc.constantFrom<unknown>('::1', '10.0.0.1', '10.0.0', null),
        gift: fc.constantFrom<unknown>(true, false, 'true', 0),
        parts: fc.oneof(fc.array(part, { maxLength: 3 }), fc.constantFrom<unknown>(null, {}, 'a')),
        main: fc.oneof(part, fc.constantFrom<unknown>(null, [], 'a')),
        note: fc.constantFrom<unknown>(' a ', 1, null),
        unknown: fc.constant(1),
      },
      { requiredKeys: [] },
    );
    const { schema, door } = judges(Order);
    const few = fc.oneof(
      order,
      order.map(({ count, title, parts }) => ({ count: count ?? 1, title: String(title), parts })),
    );
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(few, async (sent) => {
        const raw = JSON.parse(JSON.stringify(sent)) as object;
        const verdicts = { raw, schema: schema(raw), door: await door(raw) };
        if (verdicts.door) accepted++;
        if (verdicts.schema !== verdicts.door)
          expect(verdicts).toEqual({ raw, schema: verdicts.door, door: verdicts.door });
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(10);
  });

  it('but for a class inside itself, whose inner levels the schema does not tell', async () => {
    class Tree {
      @Field() @cv.IsOptional() @cv.ValidateNested() @Type(() => Tree) child?: Tree;
    }
    const { schema, door } = judges(Tree);
    const raw = { child: { child: 5 } };
    expect({ schema: schema(raw), door: await door(raw) }).toEqual({ schema: true, door: false });
  });

  it.each<[string, InputClass, object, object]>([
    [
      'a repetition in a list of objects',
      inputOf({ decorators: [cv.ArrayUnique()] }),
      { value: [{ n: 1 }, { n: 2 }, { n: 1 }] },
      { path: 'input.value', message: 'must not hold the same twice: items 0 and 2 are alike' },
    ],
    [
      'a member that is left out and that no validator misses',
      inputOf({ decorators: [cv.IsNotIn(['a'])] }),
      {},
      { path: 'input.value', message: 'is required' },
    ],
    [
      'a schema that @Field adds',
      inputOf({ decorators: [Field({ schema: { maximum: 5 } }), cv.IsInt()] }),
      { value: 7 },
      { path: 'input.value', message: 'must be a whole number of at most 5, not 7' },
    ],
    [
      'a format that @Field adds',
      inputOf({ decorators: [Field({ schema: { format: 'ipv4' } }), cv.IsString()] }),
      { value: '::1' },
      { path: 'input.value', message: 'must match format "ipv4", not the text "::1"' },
    ],
  ])('and shows what is wrong: %s', async (_, inputClass, raw, problem) => {
    const schema = inputSchema(inputClass, 'Sample', '');
    const checked = validateInput({ name: 'sample', inputClass, schema }, raw, undefined, schemaProblems);
    await expect(checked).rejects.toMatchObject({ code: 'INPUT_INVALID', fields: [problem] });
  });
});

/** Names of the decorators in class-validator's metadata, as in `isInt`. */
function namesOf(decorators: PropertyDecorator[]): string[] {
  class Named {
    value: unknown;
  }
  for (const decorate of decorators) decorate(Named.prototype, 'value');
  const found = cv.getMetadataStorage().getTargetValidationMetadatas(Named, '', true, false);
  return found.map(({ name, type }) =>
    (name ?? type).replace(/^isLength$/, 'length').replace('nestedValidation', 'validateNested'),
  );
}
