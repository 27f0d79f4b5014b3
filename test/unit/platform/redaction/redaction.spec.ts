import { describe, expect, it } from '@jest/globals';
import {
  hasHidden,
  HIDDEN,
  Redaction,
  REDACTION_RULE,
  withoutRedaction,
} from '../../../../src/platform/redaction/redaction.js';

const INPUT = {
  user: 'ada',
  password: 'p',
  card: { number: '4711', owner: { name: 'Ada' } },
  keys: [{ secret: 's', id: 1 }, { secret: ['t'] }],
};

describe('what is redacted', () => {
  it.each<[string, string[], unknown]>([
    ['nothing without a rule', [], INPUT],
    ['one name', ['input.password'], { ...INPUT, password: HIDDEN }],
    ['in any case', ['INPUT.PassWord'], { ...INPUT, password: HIDDEN }],
    ['a name and all below it', ['input.card'], { ...INPUT, card: HIDDEN }],
    ['all below a name', ['input.card.*'], { ...INPUT, card: { number: HIDDEN, owner: HIDDEN } }],
    ['in lists', ['input.keys.secret'], { ...INPUT, keys: [{ secret: HIDDEN, id: 1 }, { secret: HIDDEN }] }],
    ['wherever it is', ['*.secret'], { ...INPUT, keys: [{ secret: HIDDEN, id: 1 }, { secret: HIDDEN }] }],
    [
      'a path wherever it is',
      ['*.owner.name'],
      { ...INPUT, card: { number: '4711', owner: { name: HIDDEN } } },
    ],
    [
      'several',
      ['input.user', '*.number'],
      { ...INPUT, user: HIDDEN, card: { ...INPUT.card, number: HIDDEN } },
    ],
    ['all of it', ['input'], HIDDEN],
    ['all in it', ['input.*'], { user: HIDDEN, password: HIDDEN, card: HIDDEN, keys: HIDDEN }],
    ['everything', ['*'], HIDDEN],
    ['no root that is called so elsewhere', ['*.input'], INPUT],
    ['nothing by a rule for results', ['result.user', 'result'], INPUT],
    ['nothing by the end of a longer name', ['*.word', 'input.pass'], INPUT],
  ])('%s', (_, rules, expected) => {
    const before = structuredClone(INPUT);
    expect(new Redaction(rules).apply('input', INPUT)).toEqual(expected);
    expect(INPUT).toEqual(before);
    expect(JSON.parse(new Redaction(rules).applyToText('input', JSON.stringify(INPUT)))).toEqual(expected);
  });

  it('is all of a text of which nobody can tell what is in it', () => {
    const cut = '{"user":"ada","password":"p","ca';
    expect(new Redaction(['input.password']).applyToText('input', cut)).toBe(HIDDEN);
    expect(new Redaction(['result.password']).applyToText('input', cut)).toBe(cut);
  });

  it('is known by its path, for what lists paths', () => {
    const rules = new Redaction(['input.card.*', '*.secret']);
    expect(
      ['input.card.number', 'input.card.owner.name', 'result.a.secret.b'].map((p) => rules.covers(p)),
    ).toEqual([true, true, true]);
    expect(
      ['input.card', 'input.cards.number', 'input.secrets', 'secret'].map((p) => rules.covers(p)),
    ).toEqual([false, false, false, false]);
  });

  it('takes names that JavaScript has for itself', () => {
    const odd = JSON.parse('{"__proto__":{"secret":1},"constructor":2}') as object;
    expect(JSON.stringify(new Redaction(['*.secret']).apply('input', odd))).toBe(
      '{"__proto__":{"secret":"[hidden]"},"constructor":2}',
    );
  });

  it('applies everywhere but in what asks for the whole', async () => {
    const rules = new Redaction(['input.password']);
    const look = async () => {
      await Promise.resolve();
      return rules.current.apply('input', INPUT);
    };
    const [shown, whole] = await Promise.all([look(), withoutRedaction(look)]);
    expect(hasHidden(shown)).toBe(true);
    expect(whole).toBe(INPUT);
    expect(withoutRedaction(() => rules.covers('input.password'))).toBe(true);
  });

  it('stays off for a work that outlasts another one', async () => {
    const rules = new Redaction(['input.password']);
    const look = async () => rules.current.apply('input', INPUT);
    const first = withoutRedaction(look);
    const last = withoutRedaction(async () => {
      await first;
      await new Promise((resolve) => setImmediate(resolve));
      return look();
    });
    expect(await last).toBe(INPUT);
    expect(() =>
      withoutRedaction(() => {
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(hasHidden(await look())).toBe(true);
  });

  it.each(['input.password', 'input.card.*', 'result', '*', '*.secret', '*.a.b.*'])('%s is a rule', (rule) =>
    expect(rule).toMatch(REDACTION_RULE),
  );
  it.each(['password', 'input.', 'input..a', 'input.*.a', 'in put.a', '**.a', 'input.a*'])(
    '%s is none',
    (rule) => expect(rule).not.toMatch(REDACTION_RULE),
  );
});
