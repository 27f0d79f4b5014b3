import { describe, expect, it } from '@jest/globals';
import {
  Equals,
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Max,
  Min,
  validate,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import fc from 'fast-check';
import type { InputClass } from '../../../src/registry/input-metadata.js';
import { compiledCheck } from '../../../src/registry/compiled-check.js';

class Plain {
  @IsInt()
  @Min(-5)
  @Max(5)
  count!: number;

  @IsString()
  @Length(1, 4)
  name = 'ada';

  @IsOptional()
  @IsIn(['a', 'b'])
  choice?: string;

  @IsBoolean()
  really = false;

  @IsOptional()
  @IsEmail()
  mail?: string;
}

const NAMES = ['count', 'name', 'choice', 'really', 'mail'];

function filled(fields: object): Plain {
  return Object.assign(new Plain(), fields);
}

describe('quickCheck', () => {
  it('never says yes to what class-validator refuses, and says yes to what is plain and right', async () => {
    const check = compiledCheck(Plain, NAMES)!;
    const wild = fc.oneof(
      fc.integer({ min: -10, max: 10 }),
      fc.string({ maxLength: 6 }),
      fc.constantFrom<unknown>('a', 'b', 'ada@example.org', true, false, null, undefined, 1.5, NaN, Infinity),
      fc.constant({}),
      fc.constant([]),
      fc.constant(new Date(0)),
    );
    const or = (...right: unknown[]) => fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...right) }, wild);
    let yes = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            count: or(-5, 0, 5),
            name: or('a', 'adas'),
            choice: or('a', 'b'),
            really: or(true, false),
            mail: or('ada@example.org'),
          },
          { requiredKeys: [] },
        ),
        async (fields) => {
          const object = filled(fields);
          if (!check(object)) return;
          yes++;
          const errors = await validate(object, {
            forbidUnknownValues: true,
            whitelist: true,
            forbidNonWhitelisted: true,
          });
          expect(errors).toEqual([]);
        },
      ),
      { numRuns: 2000 },
    );
    expect(yes).toBeGreaterThan(100);
    expect(check(filled({ count: 3, choice: 'b', mail: 'ada@example.org' }))).toBe(true);
  });

  it('leaves to class-validator what is more than a function of the value', () => {
    class Inner {}
    class Conditional {
      @ValidateIf((object: Conditional) => object.other === 1)
      @IsInt()
      some!: number;
      @IsInt()
      other!: number;
    }
    class Nested {
      @ValidateNested()
      inner!: Inner;
    }
    class Each {
      @IsInt({ each: true })
      numbers!: number[];
    }
    class Undeclared {
      @IsInt()
      some = 1;
      nobody = 2;
    }
    for (const [type, names] of [
      [Conditional, ['some', 'other']],
      [Nested, ['inner']],
      [Each, ['numbers']],
      [Undeclared, ['some']],
      [Inner, []],
    ] as [InputClass, string[]][])
      expect([type.name, compiledCheck(type, names)]).toEqual([type.name, undefined]);
  });

  it('does not take a promise for a yes', () => {
    class Asked {
      @ValidateBy({ name: 'asked', validator: { validate: () => Promise.resolve(false) } })
      some!: number;
    }
    expect(compiledCheck(Asked, ['some'])!(Object.assign(new Asked(), { some: 1 }))).toBe(false);
  });

  it('hears of a field that is missing by the long way, whatever its validators think of nothing', () => {
    class Nothing {
      @Equals(undefined)
      some!: undefined;
    }
    expect(compiledCheck(Nothing, ['some'])!(new Nothing())).toBe(false);
  });
});
