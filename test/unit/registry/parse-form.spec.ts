import { beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { loadTaskTypes } from '../../../src/registry/load-task-types.js';
import { formProblems, parseForm } from '../../../src/registry/parse-form.js';
import type { FormField, TaskType } from '../../../src/registry/task-type.js';
import { validateInput } from '../../../src/registry/validate-input.js';

const GOOD = fileURLToPath(new URL('../../support/fixtures/task-types-good', import.meta.url));

function parseOne(field: Partial<FormField>, sent: unknown, values?: unknown[]): unknown {
  const full: FormField = { name: 'value', title: 'Value', kind: 'text', required: false, ...field };
  const schema = { properties: { value: values ? { enum: values } : {} } };
  return parseForm({ fields: [full], schema }, sent === undefined ? {} : { value: sent })['value'];
}

describe('parseForm', () => {
  it.each<[FormField['kind'], string, unknown]>([
    ['integer', '42', 42],
    ['integer', ' -7 ', -7],
    ['integer', '1e3', 1000],
    ['integer', '1.5', 1.5],
    ['integer', 'abc', 'abc'],
    ['integer', '0x10', '0x10'],
    ['integer', '1,000', '1,000'],
    ['integer', 'Infinity', 'Infinity'],
    ['integer', '9007199254740993', '9007199254740993'],
    ['integer', '', undefined],
    ['integer', '   ', undefined],
    ['number', '.5', 0.5],
    ['number', '-2.50', -2.5],
    ['number', '1e999', '1e999'],
    ['number', '0.1234567890123456789', '0.1234567890123456789'],
    ['number', '12345678901234567000', 12345678901234567000],
    ['number', '1.2.3', '1.2.3'],
    ['boolean', 'on', true],
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['boolean', '', false],
    ['boolean', 'maybe', 'maybe'],
    ['json', '[1, {"a": null}]', [1, { a: null }]],
    ['json', '[1,', '[1,'],
    ['json', '[9007199254740993]', '[9007199254740993]'],
    ['json', '{"a":1,"a":2}', '{"a":1,"a":2}'],
    ['json', ' ', undefined],
    ['text', '  trimmed  ', 'trimmed'],
    ['text', '10', '10'],
    ['text', '', undefined],
    ['textarea', '  kept\r\nas it is  ', '  kept\nas it is  '],
    ['textarea', 'old\rMac', 'old\nMac'],
  ])('reads %s %j as %j', (kind, sent, value) => {
    expect(parseOne({ kind }, sent)).toEqual(value);
  });

  it('leaves required text empty, for validation to judge', () => {
    expect(parseOne({ kind: 'textarea', required: true }, '')).toBe('');
    expect(parseOne({ kind: 'integer', required: true }, '')).toBeUndefined();
  });

  it('gives a choice the type it has in the schema', () => {
    expect(parseOne({ kind: 'select' }, '2', [1, 2])).toBe(2);
    expect(parseOne({ kind: 'select' }, 'true', ['a', true])).toBe(true);
    expect(parseOne({ kind: 'select' }, '3', [1, 2])).toBe('3');
    expect(parseOne({ kind: 'select' }, '', [1, 2])).toBeUndefined();
    expect(parseOne({ kind: 'select' }, 'null', [1, null])).toBe('null');
  });

  it('takes a checkbox that was not sent as false, and leaves all else out', () => {
    expect(parseOne({ kind: 'boolean' }, undefined)).toBe(false);
    expect(parseOne({ kind: 'integer' }, undefined)).toBeUndefined();
  });

  it('takes the last value of a name sent twice, such as a hidden field before its checkbox', () => {
    expect(parseOne({ kind: 'boolean' }, ['false', 'true'])).toBe(true);
    expect(parseOne({ kind: 'integer' }, ['1', '2'])).toBe(2);
    expect(parseOne({ kind: 'integer' }, [])).toBeUndefined();
  });

  it('reads own keys only and passes over what is no field', () => {
    const fields: FormField[] = [{ name: 'toString', title: 'T', kind: 'text', required: false }];
    expect(parseForm({ fields, schema: {} }, { _csrf: 'token' })).toEqual({});
  });

  it('leads a whole form to a valid input', async () => {
    const [order] = (await loadTaskTypes(GOOD)) as [TaskType];
    const raw = parseForm(order, {
      lines: '[{"sku": "ABC-1"}]',
      shipTo: '{"street": "Main Street 1"}',
      priceLimit: '12.5',
      delivery: 'fast',
      priority: '2',
      note: '',
      tags: '',
      voucher: '',
    });
    const input = await validateInput(order, raw);
    expect(input).toMatchObject({ priceLimit: 12.5, delivery: 'fast', priority: 2, gift: false, tags: [] });
  });

  describe('with what cannot be read', () => {
    let order: TaskType;
    beforeAll(async () => {
      [order] = (await loadTaskTypes(GOOD)) as [TaskType];
    });

    it('keeps the text for validation to name', async () => {
      const raw = parseForm(order, { lines: '[oops', shipTo: '{"street": "x"}', priceLimit: 'much' });
      await expect(validateInput(order, raw)).rejects.toMatchObject({
        fields: expect.arrayContaining([
          { path: 'input.priceLimit', message: 'must be a number above 0, not the text "much"' },
          { path: 'input.lines', message: expect.stringContaining('must be a list of 1 to 5 items') },
        ]),
      });
    });
  });
});

describe('formProblems', () => {
  const fields = (['integer', 'number', 'json', 'text'] as const).map((kind): FormField => ({
    name: kind,
    title: kind,
    kind,
    required: false,
  }));

  it('names what would be altered, with its place in JSON', () => {
    const form = {
      integer: ' 9007199254740993 ',
      number: ['1', '0.1234567890123456789'],
      json: '[{"id":1970670598291982290},{"a":1,"a":2}]',
      text: '9007199254740993',
    };
    expect(formProblems({ fields }, form)).toEqual([
      { path: 'input.integer', message: expect.stringContaining('9007199254740993 would become') },
      { path: 'input.number', message: expect.stringContaining('would become 0.12345678901234568') },
      { path: 'input.json[0].id', message: expect.stringContaining('would become 1970670598291982300') },
      { path: 'input.json[1].a', message: expect.stringContaining('stands twice') },
    ]);
  });

  it('has nothing to say of what is stored, or cannot be read at all', () => {
    expect(formProblems({ fields }, {})).toEqual([]);
    expect(formProblems({ fields }, { integer: 'x', number: '0.1', json: '[1,', text: '' })).toEqual([]);
  });
});
