import { describe, expect, it } from '@jest/globals';
import { Transform, Type } from 'class-transformer';
import * as cv from 'class-validator';
import type { InputClass } from '../../../src/registry/input-metadata.js';
import { inputSchema } from '../../../src/registry/input-schema.js';
import type { JsonSchema } from '../../../src/registry/task-type.js';
import { Field } from '../../../src/task-api/field.decorator.js';
import { inputOf, VALIDATORS } from '../../support/validators.js';

function schemaOf(inputClass: InputClass): JsonSchema {
  return inputSchema(inputClass, 'Sample', '');
}

function propertyOf(inputClass: InputClass, name = 'value'): JsonSchema {
  return schemaOf(inputClass).properties![name]!;
}

describe('inputSchema', () => {
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

  it('has no default for a transformed field: that of the class is not what one would send', () => {
    class Input {
      @Field() @Transform(({ value }) => (value as number) * 100) @cv.IsInt() cents = 500;
      @Field() @cv.IsInt() copies = 1;
    }
    const { cents, copies } = schemaOf(Input).properties!;
    expect(cents).not.toHaveProperty('default');
    expect(copies!.default).toBe(1);
  });

  it('does not share state between two readings', () => {
    const inputClass = inputOf({ decorators: [cv.IsInt()] });
    propertyOf(inputClass).minimum = 99;
    expect(propertyOf(inputClass)).toEqual({ title: 'Value', type: 'integer' });
  });
});
