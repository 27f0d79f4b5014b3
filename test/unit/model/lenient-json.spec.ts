import { describe, expect, it } from '@jest/globals';
import { Redaction } from '../../../src/platform/redaction/redaction.js';
import { Scrub } from '../../../src/platform/redaction/scrub.js';
import {
  Digits,
  entriesOf,
  isExact,
  parseExact,
  toIndentedJson,
  toJson,
} from '../../../src/model/lenient-json.js';
import { toValue } from '../../../src/web/task/value-view.js';

const ODD =
  '{"id":1970670598291982290,"exp":1e400,"t":0.10,"z":-0,"e":1E3,"d":12345678901234567890.123,"s":"1970670598291982290","a":1,"a":2,"2":[1,{"g":1.0}],"1":{}}';

describe('a stored value', () => {
  it.each([ODD, '1970670598291982290', '[0.10,[],"\\"]"]', '{"b":1,"2":2}', '{"a":1,"a":1}'])(
    'is written as it stands there: %s',
    (json) => {
      const value = parseExact(json);
      expect(isExact(value)).toBe(true);
      expect(toJson(value)).toBe(json);
      expect(toJson({ task: { input: value, left: undefined, list: [undefined, value] } })).toBe(
        `{"task":{"input":${json},"list":[null,${json}]}}`,
      );
      expect(toIndentedJson(value).replaceAll(/\n */g, '').replaceAll('": ', '":')).toBe(json);
    },
  );

  it.each(['{"a":1.5,"b":[true,null,"1E3"]}', '"x"', '-7', '[]'])(
    'is plain where that loses nothing: %s',
    (json) => {
      const value = parseExact(json);
      expect(isExact(value)).toBe(false);
      expect(value).toEqual(JSON.parse(json));
      expect(toIndentedJson(value)).toBe(JSON.stringify(value, null, 2));
    },
  );

  it('is plain whatever spaces and escapes its writer used', () => {
    expect(parseExact(' { "a" : [ 1 , 2 ] , "b":"\\u00e9\\/" } ')).toEqual({ a: [1, 2], b: 'é/' });
  });

  it('shows its members, names that stand twice as well', () => {
    expect(entriesOf(parseExact('{"a":0.10,"a":2}'))).toEqual([
      ['a', new Digits('0.10')],
      ['a', 2],
    ]);
    expect(toValue(parseExact('{"id":1970670598291982290}')).rows).toMatchObject([
      { name: 'id', value: '1970670598291982290', kind: 'number' },
    ]);
  });

  it('is hidden by its path and its digits like any other', () => {
    const rules = new Redaction(['input.card']);
    expect(rules.applyToText('input', '{"card":4111111111111111111,"id":1970670598291982290}')).toBe(
      '{"card":"[hidden]","id":1970670598291982290}',
    );
    const scrub = new Scrub(['4111111111111111111'], rules);
    expect(toJson(scrub.value(parseExact('{"n":4111111111111111111,"m":4111111111111111112}')))).toBe(
      '{"n":"[hidden]","m":4111111111111111112}',
    );
  });
});
