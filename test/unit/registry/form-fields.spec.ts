import { describe, expect, it } from '@jest/globals';
import * as cv from 'class-validator';
import { formFields } from '../../../src/registry/form-fields.js';
import type { InputClass } from '../../../src/registry/input-metadata.js';
import { inputSchema } from '../../../src/registry/input-schema.js';
import { defaultTaskTypesDir, loadTaskTypes } from '../../../src/registry/load-task-types.js';
import type { FormField } from '../../../src/registry/task-type.js';
import { Field } from '../../../src/task-api/field.decorator.js';
import type { FieldOptions } from '../../../src/task-api/field.decorator.js';

function fieldOf(options: FieldOptions, ...decorators: PropertyDecorator[]): FormField {
  class Input {
    value: unknown;
  }
  for (const decorate of [Field(options), ...decorators]) decorate(Input.prototype, 'value');
  return fieldsOf(Input)[0]!;
}

function fieldsOf(inputClass: InputClass): FormField[] {
  return formFields(inputClass, inputSchema(inputClass, 'Sample', ''));
}

describe('formFields', () => {
  it.each<[FormField['kind'], FieldOptions, PropertyDecorator[]]>([
    ['text', {}, [cv.IsString()]],
    ['text', {}, [cv.IsString(), cv.MaxLength(200)]],
    ['textarea', {}, [cv.IsString(), cv.MaxLength(201)]],
    ['text', { widget: 'text' }, [cv.IsString(), cv.MaxLength(201)]],
    ['textarea', { widget: 'textarea' }, [cv.IsString()]],
    ['integer', {}, [cv.IsInt()]],
    ['integer', {}, [cv.IsOptional(), cv.IsInt()]],
    ['number', {}, [cv.IsNumber()]],
    ['boolean', {}, [cv.IsBoolean()]],
    ['select', {}, [cv.IsIn(['a', 'b'])]],
    ['select', {}, [cv.IsEnum({ A: 1, B: 2 })]],
    ['json', {}, [cv.IsArray()]],
    ['json', {}, [cv.IsObject()]],
    ['json', {}, [cv.IsArray(), cv.IsIn(['a', 'b'], { each: true })]],
    ['text', { schema: { type: ['number', 'string'] } }, [cv.IsNotEmpty()]],
  ])('shows %s for %j', (kind, options, decorators) => {
    expect(fieldOf(options, ...decorators).kind).toBe(kind);
  });

  it('carries the limits of the validators', () => {
    expect(fieldOf({}, cv.IsInt(), cv.Min(-5), cv.Max(5))).toMatchObject({ min: -5, max: 5 });
    expect(fieldOf({}, cv.IsInt(), cv.IsPositive())).toMatchObject({ min: 1 });
    expect(fieldOf({}, cv.IsNumber(), cv.IsPositive())).not.toHaveProperty('min');
    expect(fieldOf({}, cv.IsString(), cv.MaxLength(12))).toMatchObject({ maxLength: 12 });
  });

  it('starts with the prefill, else the default, else the example', () => {
    class Input {
      @Field({ prefill: 3, example: 2 }) @cv.IsInt() all = 1;
      @Field({ example: 2 }) @cv.IsInt() preset = 1;
      @Field({ example: 2 }) @cv.IsInt() sample!: number;
      @Field({ prefill: 0, example: 2 }) @cv.IsInt() zero = 1;
      @Field() @cv.IsInt() bare!: number;
    }
    expect(fieldsOf(Input).map(({ prefill }) => prefill)).toEqual([3, 1, 2, 0, undefined]);
  });

  it('requires what the schema requires, but never a checkbox', () => {
    class Input {
      @Field() @cv.IsInt() needed!: number;
      @Field() @cv.IsInt() preset = 1;
      @Field() @cv.IsBoolean() agreed!: boolean;
    }
    expect(fieldsOf(Input).map(({ required }) => required)).toEqual([true, false, false]);
  });

  it('lists choices in the order of their labels, the others after them', () => {
    const field = fieldOf({ labels: { c: 'Sea', a: 'Eh', gone: 'Gone' } }, cv.IsIn(['a', 'b-side', 'c']));
    expect(field.choices).toEqual([
      { value: 'c', label: 'Sea' },
      { value: 'a', label: 'Eh' },
      { value: 'b-side', label: 'B side' },
    ]);
  });

  it('does not offer the null of an optional choice', () => {
    expect(fieldOf({}, cv.IsOptional(), cv.IsIn(['a'])).choices).toEqual([{ value: 'a', label: 'A' }]);
  });

  it('shows the example as a placeholder where something is typed', () => {
    expect(fieldOf({ example: 0 }, cv.IsInt()).placeholder).toBe('0');
    expect(fieldOf({ example: [1] }, cv.IsArray()).placeholder).toBe('[1]');
    expect(fieldOf({ example: 'a' }, cv.IsIn(['a']))).not.toHaveProperty('placeholder');
  });

  it('pre-fills the forms of the house so that progress can be watched', async () => {
    const types = await loadTaskTypes(defaultTaskTypesDir());
    const prefills = Object.fromEntries(
      types.map(({ name, fields }) => [
        name,
        Object.fromEntries(fields.map((field) => [field.name, field.prefill])),
      ]),
    );
    expect(prefills['divide']).toEqual({ x: 22, y: 7, digits: 30, stepDelayMs: 200 });
    expect(prefills['process-text']).toMatchObject({ repeat: 10, stepDelayMs: 200 });
    expect(prefills['count-primes']).toEqual({ upTo: 1_000_000_000 });
  });
});
