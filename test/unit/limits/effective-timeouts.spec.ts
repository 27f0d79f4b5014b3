import { describe, expect, it } from '@jest/globals';
import { effectiveTimeouts } from '../../../src/limits/limits.js';

describe('effectiveTimeouts', () => {
  const TYPE = { hardTimeoutMs: 300 };

  it.each<[string, number | undefined, number | null | undefined, number | undefined]>([
    ['the type alone', undefined, undefined, 300],
    ['a submit in place of the type, higher', 900, undefined, 900],
    ['a submit in place of the type, lower', 100, undefined, 100],
    ['an operator in place of the type', undefined, 500, 500],
    ['an operator who lifts the limit of the type', undefined, null, undefined],
    ['an operator who lifts it, and a submit', 100, null, 100],
    ['a submit below an operator', 100, 500, 100],
    ['a submit above an operator', 900, 500, 500],
  ])('%s', (_who, own, override, wanted) => {
    const asked = own === undefined ? {} : { hardTimeoutMs: own };
    const ordered = override === undefined ? undefined : { hardTimeoutMs: override };
    expect(effectiveTimeouts(TYPE, asked, ordered).hardTimeoutMs).toBe(wanted);
  });
});
