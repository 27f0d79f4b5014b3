import { describe, expect, it } from '@jest/globals';
import { memberOf, parseMember, parseOverride } from '../../../src/limits/limit-override.js';

describe('parseOverride', () => {
  const json = JSON.stringify({ concurrency: 2, by: 'ada', at: 1, until: 1000 });

  it('is none once its time is over', () => {
    expect(parseOverride(json, 999)).toMatchObject({ concurrency: 2 });
    expect(parseOverride(json, 1000)).toBeUndefined();
    expect(parseOverride(null, 0)).toBeUndefined();
  });

  it('holds for good without an end', () => {
    expect(parseOverride('{"rate":null,"by":"ada","at":1}', Number.MAX_SAFE_INTEGER)).toMatchObject({
      rate: null,
    });
  });
});

describe('the name of a task in slots and lines', () => {
  it.each(['t1', 'a/b', 'x:y', ''])('gives back the id %j', (id) => {
    expect(parseMember(memberOf('default', id))).toEqual({ queue: 'default', id });
  });
});
