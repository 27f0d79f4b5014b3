import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Type } from 'class-transformer';
import * as cv from 'class-validator';
import type { InputClass } from '../../../src/catalog/input-metadata.js';
import { inputSchema } from '../../../src/catalog/input-schema.js';
import type { JsonSchema } from '../../../src/catalog/task-type.js';
import { validateInput } from '../../../src/catalog/validate-input.js';
import { Field } from '../../../src/contract/field.decorator.js';

const ajv = new Ajv2020({ strict: true, strictTypes: false, validateFormats: false });

/** Values tried on every validator; those it accepts, the schema must accept as well. */
const VALUES: unknown[] = [
  ...[
    '',
    'a',
    'AB',
    'abc',
    'abcdefghijk',
    '12',
    '-1.5',
    '.5',
    '+7',
    'a.b',
    'axb',
    '[x]',
    'true',
    'x@example.org',
  ],
  ...[
    '2026-01-31',
    '2026-01-31T10:00:00Z',
    '2026-01-31T10:00:00.123+02:00',
    'https://example.org/a?b=c',
    '👋🏽',
  ],
  ...['6ba7b810-9dad-11d1-80b4-00c04fd430c8', '{"a":1}', '#ff0000', '192.168.0.1', '::1', 'AB12', 'ab12'],
  ...[
    '0xff',
    'Größe',
    'Größe2',
    '23:59',
    'YWJj',
    '8080',
    '1.2.3',
    '52.5,13.4',
    'DE',
    'de-DE',
    '+49 30 901820',
  ],
  ...['d41d8cd98f00b204e9800998ecf8427e'],
  ...[0, 1, -1, 2.5, 3, 10, 1e21, true, false, null],
  ...[[], [1], ['a'], ['a', 'b', 'c'], [1, 2, 3, 4, 5, 6], [null], {}, { a: 1 }],
];

enum Level {
  Low,
  High,
}

/** Several decorators in both orders: the result must not depend on how they are written. */
const VALIDATORS: Record<string, PropertyDecorator[]> = {
  'whole number in bounds': [cv.IsInt(), cv.Min(1), cv.Max(10)],
  'bounds before whole number': [cv.Max(10), cv.Min(1), cv.IsInt()],
  number: [cv.IsNumber()],
  positive: [cv.IsPositive()],
  negative: [cv.IsNegative()],
  divisible: [cv.IsDivisibleBy(3)],
  'not empty number': [cv.IsNotEmpty(), cv.IsNumber()],
  'not empty': [cv.IsNotEmpty()],
  empty: [cv.IsEmpty()],
  defined: [cv.IsDefined()],
  boolean: [cv.IsBoolean()],
  text: [cv.IsString(), cv.Length(2, 10)],
  contains: [cv.Contains('.')],
  'contains brackets': [cv.Contains('[x]')],
  'does not contain': [cv.NotContains('.')],
  pattern: [cv.Matches(/^[a-z]{2}\d{2}$/)],
  'pattern with flags': [cv.Matches(/^[a-z]{2}\d{2}$/i)],
  'pattern that Unicode refuses': [cv.Matches(/^[\w\-]+\-?$/)],
  'number as text': [cv.IsNumberString()],
  'boolean as text': [cv.IsBooleanString()],
  email: [cv.IsEmail()],
  url: [cv.IsUrl()],
  uuid: [cv.IsUUID()],
  json: [cv.IsJSON()],
  date: [cv.IsDateString()],
  'ISO 8601': [cv.IsISO8601()],
  choice: [cv.IsIn(['a', 'abc'])],
  'choice of mixed types': [cv.IsIn(['a', 1, true])],
  'not a choice': [cv.IsNotIn(['a', 'abc'])],
  'numeric enumeration': [cv.IsEnum(Level)],
  'text enumeration': [cv.IsEnum({ A: 'a', ABC: 'abc' })],
  equals: [cv.Equals(3)],
  list: [cv.IsArray()],
  'list of texts': [cv.IsArray(), cv.IsString({ each: true })],
  'list of numbers, sized': [cv.ArrayMinSize(1), cv.IsInt({ each: true }), cv.ArrayMaxSize(5), cv.IsArray()],
  'list without repetition': [cv.IsArray(), cv.ArrayUnique()],
  object: [cv.IsObject()],
  optional: [cv.IsOptional(), cv.IsInt()],
  'optional choice': [cv.IsOptional(), cv.IsIn(['a', 'b'])],
  conditional: [cv.ValidateIf(() => false), cv.IsInt()],
  colour: [cv.IsHexColor()],
  hexadecimal: [cv.IsHexadecimal()],
  letters: [cv.IsAlpha()],
  'letters of a language': [cv.IsAlpha('de-DE')],
  'letters and digits of a language': [cv.IsAlphanumeric('de-DE')],
  'surrogate pair': [cv.IsSurrogatePair()],
  'wide letters': [cv.IsFullWidth()],
  time: [cv.IsMilitaryTime()],
  uppercase: [cv.IsUppercase()],
  base64: [cv.IsBase64()],
  port: [cv.IsPort()],
  version: [cv.IsSemVer()],
  latitude: [cv.IsLatitude()],
  'latitude and longitude': [cv.IsLatLong()],
  'country code': [cv.IsISO31661Alpha2()],
  hash: [cv.IsHash('md5')],
  locale: [cv.IsLocale()],
  'phone number': [cv.IsPhoneNumber('DE')],
  address: [cv.IsIP()],
  lowercase: [cv.IsLowercase()],
  custom: [cv.ValidateBy({ name: 'isShort', validator: { validate: (value) => String(value).length < 3 } })],
};

function inputOf(decorators: PropertyDecorator[]): InputClass {
  class Input {
    value: unknown;
  }
  for (const decorate of [Field(), ...decorators]) decorate(Input.prototype, 'value');
  return Input;
}

function schemaOf(inputClass: InputClass): JsonSchema {
  return inputSchema(inputClass, 'Sample', '');
}

function propertyOf(inputClass: InputClass, name = 'value'): JsonSchema {
  return schemaOf(inputClass).properties![name]!;
}

describe('inputSchema', () => {
  it.each(Object.entries(VALIDATORS))('accepts what the validators accept: %s', async (_, decorators) => {
    const inputClass = inputOf(decorators);
    const schema = schemaOf(inputClass);
    const accepts = ajv.compile(schema);
    let accepted = 0;
    for (const value of VALUES) {
      const raw = { value };
      const valid = await validateInput({ name: 'sample', inputClass, schema }, raw).then(
        () => true,
        () => false,
      );
      if (!valid) continue;
      accepted++;
      expect({ value, accepted: accepts(raw) }).toEqual({ value, accepted: true });
    }
    expect(accepted).toBeGreaterThan(0);
  });

  it.each(['whole number in bounds', 'bounds before whole number'])('derives one schema for %s', (name) => {
    expect(propertyOf(inputOf(VALIDATORS[name]!))).toEqual({
      title: 'Value',
      type: 'integer',
      minimum: 1,
      maximum: 10,
    });
  });

  it('requires what has no default and is not optional', () => {
    class Input {
      @Field() @cv.IsInt() needed!: number;
      @Field() @cv.IsInt() preset = 5;
      @Field() @cv.IsOptional() @cv.IsInt() optional?: number;
      @Field() @cv.ValidateIf(() => false) @cv.IsInt() conditional?: number;
      @Field() @cv.IsBoolean() off = false;
    }
    const schema = schemaOf(Input);
    expect(schema.required).toEqual(['needed']);
    expect(schema.additionalProperties).toBe(false);
    expect(schema.properties!['preset']!.default).toBe(5);
    expect(schema.properties!['off']!.default).toBe(false);
    expect(schema.properties!['needed']).not.toHaveProperty('default');
  });

  it('describes fields in the order of declaration with their own words', () => {
    class Input {
      @Field({ title: 'Zed', help: 'Last letter.', unit: 'cm', example: 'z' }) @cv.IsString() z!: string;
      @Field() @cv.IsString() stepDelayMs!: string;
    }
    const schema = inputSchema(Input, 'Letters', 'Two of them.');
    expect(schema).toMatchObject({ title: 'Letters', description: 'Two of them.', type: 'object' });
    expect(Object.entries(schema.properties!)).toEqual([
      ['z', { title: 'Zed', description: 'Last letter. Unit: cm.', type: 'string', examples: ['z'] }],
      ['stepDelayMs', { title: 'Step delay ms', type: 'string' }],
    ]);
  });

  it('lays the schema of a field over what is derived', () => {
    class Input {
      @Field({ schema: { type: ['number', 'string'], pattern: '^\\d+$' } })
      @cv.IsString()
      value!: number | string;
    }
    expect(propertyOf(Input)).toEqual({ title: 'Value', type: ['number', 'string'], pattern: '^\\d+$' });
  });

  it('takes the type of TypeScript where validators do not tell it', () => {
    class Input {
      @Field() @cv.Min(1) value!: number;
    }
    expect(propertyOf(Input)).toEqual({ title: 'Value', type: 'number', minimum: 1 });
  });

  it('takes over fields and validators of a base class, even one of the same name', () => {
    class Base {
      @Field({ title: 'From the base' }) @cv.IsInt() @cv.Min(5) base!: number;
    }
    const Derived = class Base_ extends Base {
      own!: string;
    };
    Object.defineProperty(Derived, 'name', { value: 'Base' });
    for (const decorate of [Field(), cv.IsString()]) decorate(Derived.prototype, 'own');
    expect(schemaOf(Derived).properties).toEqual({
      base: { title: 'From the base', type: 'integer', minimum: 5 },
      own: { title: 'Own', type: 'string' },
    });
  });

  it('keeps nested classes of the same name apart', () => {
    const nested = (decorator: PropertyDecorator) => {
      class Item {
        value: unknown;
      }
      decorator(Item.prototype, 'value');
      return Item;
    };
    const Whole = nested(cv.IsInt());
    const Text = nested(cv.IsString());
    class Input {
      @Field() @cv.ValidateNested() @Type(() => Whole) one!: object;
      @Field() @cv.ValidateNested({ each: true }) @Type(() => Text) many!: object[];
    }
    const { one, many } = schemaOf(Input).properties!;
    expect(one!.properties!['value']!.type).toBe('integer');
    expect(many).toMatchObject({ type: 'array', items: { type: 'object', additionalProperties: false } });
    expect(many!.items!.properties!['value']!.type).toBe('string');
  });

  it('ends where a class holds itself', () => {
    class Tree {
      @Field() @cv.IsOptional() @cv.ValidateNested() @Type(() => Tree) child?: Tree;
    }
    const { child } = schemaOf(Tree).properties!;
    expect(child).toEqual({ title: 'Child', type: ['object', 'null'] });
  });

  it('does not share state between two readings', () => {
    const inputClass = inputOf([cv.IsInt()]);
    propertyOf(inputClass).minimum = 99;
    expect(propertyOf(inputClass)).toEqual({ title: 'Value', type: 'integer' });
  });
});
