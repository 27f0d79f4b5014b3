import { describe, expect, it } from '@jest/globals';
import { isTooDeep, parseStored } from '../../../../src/bullmq/codec/parse-stored-json.js';

const nested = (levels: number, inside = '') =>
  `${'[{"a":'.repeat(levels / 2)}1${inside}${'}]'.repeat(levels / 2)}`;

describe('parseStored', () => {
  it.each([
    ['{"a":[1]}', { a: [1] }],
    ['{', '{'],
    ['', ''],
    ['nothing of ours', 'nothing of ours'],
    [undefined, undefined],
  ])('reads %j as %j', (json, value) => expect(parseStored(json)).toEqual(value));

  it('returns too deeply nested JSON as text, which can be serialized again', () => {
    expect(typeof parseStored(nested(200))).toBe('object');
    expect(parseStored(nested(202))).toBe(nested(202));
    for (const levels of [200, 5_000, 200_000]) JSON.stringify(parseStored(nested(levels)));
  });

  it('ignores brackets inside strings', () => {
    const text = JSON.stringify({ text: `${'['.repeat(500)}\\"${'{'.repeat(500)}`, more: ['\\', '"['] });
    expect(isTooDeep(text)).toBe(false);
    expect(parseStored(text)).toEqual(JSON.parse(text));
  });
});
