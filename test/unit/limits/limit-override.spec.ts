import { describe, expect, it } from '@jest/globals';
import { formatMember, parseMember, parseOverride } from '../../../src/limits/limit-override.js';

describe('parseOverride', () => {
  const json = JSON.stringify({ concurrency: 2, by: 'ada', at: 1, until: 1000 });

  it('is undefined after its end', () => {
    expect(parseOverride(json, 999)).toMatchObject({ concurrency: 2 });
    expect(parseOverride(json, 1000)).toBeUndefined();
    expect(parseOverride(null, 0)).toBeUndefined();
  });

  it('has no time limit without an end', () => {
    expect(parseOverride('{"rate":null,"by":"ada","at":1}', Number.MAX_SAFE_INTEGER)).toMatchObject({
      rate: null,
    });
  });
});

describe('the name of a task in slots and waitlists', () => {
  it.each(['t1', 'a/b', 'x:y', ''])('preserves the id %j', (id) => {
    expect(parseMember(formatMember('default', id))).toEqual({ queue: 'default', id });
  });
});
