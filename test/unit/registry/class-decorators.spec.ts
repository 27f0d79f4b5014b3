import { describe, expect, it } from '@jest/globals';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import {
  IsBoolean,
  IsDate,
  IsInstance,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  MinDate,
  ValidateNested,
} from 'class-validator';
import { checkTaskType } from '../../../src/registry/check-task-type.js';
import * as schemaChecks from '../../../src/registry/schema-check.js';
import type { InputClass } from '../../../src/registry/input-metadata.js';
import { inputSchema } from '../../../src/registry/input-schema.js';
import { toTaskType } from '../../../src/registry/to-task-type.js';
import { validateInput } from '../../../src/registry/validate-input.js';
import { Field } from '../../../src/task-api/field.decorator.js';

function problemsOf(input: InputClass): Promise<string[]> {
  class Handler {
    run() {
      return 1;
    }
  }
  const type = toTaskType({ name: 'sample', title: 'Sample', input }, Handler);
  return checkTaskType(type, undefined, schemaChecks);
}

describe('the check at boot', () => {
  it('names nested lists and objects without @Type, and dates', async () => {
    class Item {
      @IsString() a!: string;
    }
    class Empty {}
    class Input {
      @Field() @ValidateNested({ each: true }) items!: Item[];
      @Field() @ValidateNested() item!: Item;
      @Field() @ValidateNested() @Type(() => Empty) empty!: Empty;
      @Field() @IsDate() at!: Date;
      @Field() @MinDate(new Date(0)) @IsOptional() after?: Date;
      @Field() @IsInstance(Item) one!: Item;
      @Field() @ValidateNested({ each: true }) @Type(() => String) names!: string[];
    }
    expect((await problemsOf(Input)).sort()).toEqual([
      'sample: Input.after is a date by its validators, but JSON has none. Add @Type(() => Date).',
      'sample: Input.at is a date by its validators, but JSON has none. Add @Type(() => Date).',
      'sample: Input.empty is of Empty, which has no validators. Add some, such as @IsString().',
      'sample: Input.item has @ValidateNested() and no class to make. Add @Type(() => Item).',
      'sample: Input.items has @ValidateNested() and no class to make. Add @Type(() => Item).',
      'sample: Input.names has @ValidateNested(), which is for objects, and is of String. Leave it out; a validator such as @IsString() does it.',
      'sample: Input.one is an instance by @IsInstance(), but JSON has plain objects. Add @Type(() => Item).',
    ]);
  });

  it('names @Expose and @Exclude, which change what was sent, in the classes inside as well', async () => {
    class Item {
      @Expose({ name: 'x' }) @IsInt() n!: number;
    }
    @Exclude()
    class Input {
      @Field() @Expose({ name: 'sum' }) @IsInt() total!: number;
      @Field() @Exclude() @IsInt() secret!: number;
      @Field() @Expose({ groups: ['admin'] }) @IsInt() grouped!: number;
      @Field() @Expose() @Exclude({ toPlainOnly: true }) @IsInt() harmless!: number;
      @Field() @ValidateNested({ each: true }) @Type(() => Item) items!: Item[];
    }
    expect((await problemsOf(Input)).sort()).toEqual([
      expect.stringMatching(/^sample: Input has @Exclude\(\), .* Leave it out\.$/),
      expect.stringMatching(/^sample: Input\.grouped has @Expose\(\) with conditions \(groups, /),
      expect.stringMatching(
        /^sample: Input\.secret has @Exclude\(\): .* Leave out @Exclude\(\), or the field\.$/,
      ),
      expect.stringMatching(
        /^sample: Input\.total has @Expose\(\{ name: 'sum' \}\), .* Rename the property to sum, /,
      ),
      expect.stringMatching(/^sample: Item\.n has @Expose\(\{ name: 'x' \}\)/),
    ]);
  });
});

describe('the check at boot of schemas that @Field adds', () => {
  it('names those that nobody could hold an input to, and samples that they refuse', async () => {
    class Input {
      @Field({ schema: { type: 'text' } }) @IsString() a = '';
      @Field({ schema: { format: 'postcode' } }) @IsString() b = '';
    }
    expect(await problemsOf(Input)).toEqual([
      expect.stringMatching(
        /^sample: Input: @Field\(\{ schema \}\) of a is no JSON Schema: .*type.* Correct it\.$/,
      ),
      expect.stringMatching(/^sample: Input: nobody checks the format 'postcode' .* of b\. Formats: date, /),
    ]);
    class Samples {
      @Field({ example: 7, schema: { maximum: 5 } }) @IsInt() n = 6;
    }
    expect(await problemsOf(Samples)).toEqual([
      'sample: Samples.n: its default does not pass its own validators, must be a whole number of at most 5, not 6.',
      'sample: Samples.n: its example does not pass its own validators, must be a whole number of at most 5, not 7.',
    ]);
  });
});

describe('values that @Type converts', () => {
  class Inner {
    @Type(() => Date) @IsDate() at!: Date;
  }
  class Input {
    @Field() @Type(() => Date) @IsDate() date = new Date(0);
    @Field() @Type(() => Number) @IsNumber() number = 0;
    @Field() @Type(() => Boolean) @IsBoolean() flag = false;
    @Field() @Type(() => String) @IsString() text = '';
    @Field() @ValidateNested({ each: true }) @Type(() => Inner) list: Inner[] = [];
    @Field() @Type(() => Date) @Transform(({ value }) => value as Date) @IsDate() free = new Date(0);
  }
  const check = (raw: object) =>
    validateInput({ name: 'sample', inputClass: Input, schema: inputSchema(Input, 'Sample', '') }, raw);

  it.each<[object, string]>([
    ...[true, 1, '1', '12/24/2026', '2027-02-30', '2026-12-24T10:00:00', {}, []].map(
      (date): [object, string] => [{ list: [{ at: date }] }, 'input.list[0].at'],
    ),
    [{ date: true }, 'input.date'],
    [{ date: '12/24/2026' }, 'input.date'],
    [{ number: '' }, 'input.number'],
    [{ number: true }, 'input.number'],
    [{ number: '9007199254740993' }, 'input.number'],
    [{ flag: 'false' }, 'input.flag'],
    [{ flag: 0 }, 'input.flag'],
    [{ text: {} }, 'input.text'],
  ])('are refused where they would become something else: %j', async (raw, path) => {
    await expect(check(raw)).rejects.toMatchObject({ code: 'INPUT_INVALID', fields: [{ path }] });
  });

  it('are taken where they say the same', async () => {
    const raw = {
      date: '2026-12-24',
      number: '1.5',
      flag: true,
      text: 5,
      list: [{ at: '2026-12-24T18:00:00Z' }],
    };
    await expect(check(raw)).resolves.toMatchObject({
      date: new Date('2026-12-24T00:00:00Z'),
      number: 1.5,
      flag: true,
      text: '5',
      list: [{ at: new Date('2026-12-24T18:00:00Z') }],
    });
  });
});
