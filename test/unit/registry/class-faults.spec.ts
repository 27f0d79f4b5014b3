/* eslint-disable @typescript-eslint/only-throw-error -- What is thrown here is what an author may throw. */
import { describe, expect, it, jest } from '@jest/globals';
import { Transform, Type } from 'class-transformer';
import { IsInt, IsString, ValidateBy, ValidateIf, ValidateNested } from 'class-validator';
import type { InputClass } from '../../../src/registry/input-metadata.js';
import { inputSchema } from '../../../src/registry/input-schema.js';
import { NO_REDACTION } from '../../../src/platform/redaction/redaction.js';
import { scrubError } from '../../../src/platform/redaction/scrub.js';
import { validateInput, type ReportFault } from '../../../src/registry/validate-input.js';
import type { RoostError } from '../../../src/model/errors.js';
import { Field } from '../../../src/task-api/field.decorator.js';

/** A validator that is a function of the author's. */
const Checked = (validate: (value: unknown) => unknown, message?: () => string) =>
  ValidateBy(
    { name: 'isChecked', validator: { validate: validate as () => boolean } },
    message ? { message } : undefined,
  );

function inputOf(...decorators: PropertyDecorator[]): InputClass {
  class Input {
    value: unknown;
    other: unknown;
  }
  for (const decorate of [Field(), ...decorators]) decorate(Input.prototype, 'value');
  for (const decorate of [Field(), IsInt()]) decorate(Input.prototype, 'other');
  return Input;
}

async function refused(inputClass: InputClass, raw: object) {
  const report = jest.fn<(error: Error, ...rest: unknown[]) => void>();
  const scrub: ReportFault = (thrown, fault) => report(scrubError(thrown, fault.input, NO_REDACTION), fault);
  const type = { name: 'sample', inputClass, schema: inputSchema(inputClass, 'Sample', '') };
  const error = await validateInput(type, raw, scrub).then(
    () => undefined,
    (reason: unknown) => reason as RoostError,
  );
  return { code: error?.code, fields: error?.fields, reports: report.mock.calls };
}

const boom = () => {
  throw new TypeError('boom');
};
const trim = Transform(({ value }) => (value as string).trim());

describe('code of an input class', () => {
  it.each<[string, PropertyDecorator[], string]>([
    ['a transform that throws', [trim, IsString()], 'its @Transform failed on 5'],
    [
      'a transform that throws no error',
      [
        Transform(() => {
          throw 'text';
        }),
        IsString(),
      ],
      'its @Transform',
    ],
    ['an async transform that rejects', [Transform(async () => boom()), IsString()], 'its @Transform'],
    ['a validator that throws', [Checked(boom)], 'the validator isChecked failed on 5'],
    [
      'a validator that throws undefined',
      [
        Checked(() => {
          throw undefined;
        }),
      ],
      'the validator isChecked',
    ],
    ['a validator that rejects', [Checked(async () => boom())], 'the validator isChecked'],
    ['a validator that answers with text', [Checked(() => 'must be even')], 'the validator isChecked'],
    ['a promise of no answer', [Checked(async () => ({}))], 'the validator isChecked'],
    ['a message that throws', [Checked(() => false, boom)], 'the message of isChecked'],
    ['a condition that throws', [ValidateIf(boom), IsInt()], 'its @ValidateIf failed'],
    ['a type that throws', [Type(boom), IsInt()], 'its @Type failed'],
  ])('that fails is the fault of its field: %s', async (_, decorators, words) => {
    const { code, fields, reports } = await refused(inputOf(...decorators), { value: 5, other: 'x' });
    expect(code).toBe('INPUT_INVALID');
    expect(fields).toEqual(
      expect.arrayContaining([
        { path: 'input.value', message: expect.stringContaining(words) },
        { path: 'input.other', message: expect.stringContaining('must be a whole number') },
      ]),
    );
    expect(reports[0]).toMatchObject([expect.any(Error), { type: 'sample', field: 'value' }]);
  });

  it('is reported with its own stack', async () => {
    const { reports } = await refused(inputOf(trim, IsString()), { value: 5, other: 1 });
    expect(reports[0]![0].name).toBe('TypeError');
    expect(reports[0]![0].stack).toContain('class-faults.spec.ts');
  });

  it('names the place of an item in a list, and nothing of another one', async () => {
    class Item {
      @trim @IsString() name!: string;
    }
    class Input {
      @Field() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
    }
    const { fields } = await refused(Input, { items: [{ name: ' a ' }, { name: 5 }] });
    expect(fields).toEqual([
      { path: 'input.items[1].name', message: expect.stringContaining('its @Transform failed on 5') },
    ]);
  });

  it('is no matter of the others where a setter, a getter or the constructor throws', async () => {
    class Setter {
      @Field()
      @IsInt()
      set value(_: number) {
        boom();
      }
    }
    class Getter {
      @Field()
      @IsInt()
      get value(): number {
        return boom();
      }
      set value(_: number) {}
    }
    let isBroken = false;
    class Constructor {
      constructor() {
        if (isBroken) boom();
      }
      @Field() @IsInt() value!: number;
    }
    for (const inputClass of [Setter, Getter]) {
      const { fields } = await refused(inputClass, { value: 5 });
      expect(fields!.map(({ path }) => path)).toEqual(['input.value']);
    }
    expect((await refused(Constructor, { value: 5 })).code).toBeUndefined();
    isBroken = true;
    expect(await refused(Constructor, { value: 5 })).toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('that never answers is given up on', async () => {
    jest.useFakeTimers();
    try {
      const answer = refused(inputOf(Checked(() => new Promise(() => undefined))), { value: 5, other: 1 });
      await jest.advanceTimersByTimeAsync(20_000);
      expect((await answer).fields).toMatchObject([{ path: 'input.value' }]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('is what it was for everybody else', () => {
    const inputClass = inputOf(trim, IsString());
    return expect(refused(inputClass, { value: ' a ', other: 1 })).resolves.toMatchObject({ reports: [] });
  });
});
