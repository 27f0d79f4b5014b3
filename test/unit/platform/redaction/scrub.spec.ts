import { describe, expect, it } from '@jest/globals';
import { NO_REDACTION, Redaction, withoutRedaction } from '../../../../src/platform/redaction/redaction.js';
import { scrubOf } from '../../../../src/platform/redaction/scrub.js';

describe('the words of a task', () => {
  const RULES = new Redaction(['*.password', 'input.card.*', 'result.token']);

  const INPUT = {
    password: 'Open "Sesame"/now',
    card: { number: 4111111111111111, cvc: 123, owner: ['Ada L.', 'İrem Ö.'] },
    name: 'visible',
  };
  const text = (said: string) => scrubOf(RULES, { input: INPUT, result: { token: 'tok-9876' } }).text(said);

  it.each([
    ['wrong: Open "Sesame"/now!', 'wrong: [hidden]!'],
    ['OPEN "SESAME"/NOW and open "sesame"/now', '[hidden] and [hidden]'],
    [JSON.stringify({ p: INPUT.password }), '{"p":"[hidden]"}'],
    [`?p=${encodeURIComponent(INPUT.password)}&q=1`, '?p=[hidden]&q=1'],
    ['card 4111111111111111 declined', 'card [hidden] declined'],
    ['of Ada L. and İREM Ö.', 'of [hidden] and [hidden]'],
    ['made tok-9876', 'made [hidden]'],
    ['visible stays, 123 is too short to be looked for', 'visible stays, 123 is too short to be looked for'],
    ['', ''],
  ])('of %j show %j', (said, shown) => expect(text(said)).toBe(shown));

  it('have nothing of a value at an end that was cut', () => {
    expect(text('a message with Open "Ses…')).toBe('a message with [hidden]');
    expect(text(`${'x'.repeat(190)} Open "Ses`)).toBe(`${'x'.repeat(190)} [hidden]`);
    expect(text('we are Open…')).toBe('we are Open…');
    const long = { password: 'It is a long one. '.repeat(100) };
    const cut = `said ${long.password}`.slice(0, 1000);
    expect(scrubOf(RULES, { input: long }).text(cut)).toBe('said [hidden]');
  });

  it('of an error are hidden in all that it came from, and by their names too', () => {
    const said = (words: string) => ({
      message: words,
      code: 'tok-9876',
      details: { to: words, password: 'other' },
    });
    const error = {
      name: 'E',
      ...said('made tok-9876'),
      cause: { name: 'E', ...said('Ada L.') },
      errors: [{ name: 'E', ...said('x') }],
    };
    const shown = (words: string) => ({
      name: 'E',
      message: words,
      code: '[hidden]',
      details: { to: words, password: '[hidden]' },
    });
    expect(scrubOf(RULES, { input: INPUT, result: { token: 'tok-9876' } }).failure(error)).toEqual({
      ...shown('made [hidden]'),
      cause: shown('[hidden]'),
      errors: [shown('x')],
    });
    expect(scrubOf(RULES, {}).failure({ name: 'E', message: 'm', details: { password: 'x' } })).toMatchObject(
      {
        details: { password: '[hidden]' },
      },
    );
  });

  it('have no line of a longer text', () => {
    const words = scrubOf(RULES, {
      input: { password: '-----BEGIN KEY-----\nMIIEvQIBADANBg\n\nkqhkiG9w0BAQ' },
    });
    expect(words.text('read MIIEvQIBADANBg')).toBe('read [hidden]');
  });

  it('are all hidden where it cannot be told what of them is', () => {
    expect(scrubOf(RULES, { isInputCut: true }).text('anything')).toBe('[hidden]');
    expect(
      scrubOf(RULES, { input: {}, isResultCut: true }).failure({ name: 'E', message: 'm', stack: 's' }),
    ).toEqual({
      ...{ name: 'E', message: '[hidden]', stack: '[hidden]' },
    });
    const many = Array.from({ length: 300 }, (_, i) => `value ${i}`);
    expect(scrubOf(RULES, { input: { password: many } }).text('anything')).toBe('[hidden]');
  });

  it('are as they are without a rule, and for who may see it', () => {
    expect(withoutRedaction(() => text('Open "Sesame"/now'))).toBe('Open "Sesame"/now');
    expect(
      scrubOf(new Redaction(['result.x']), { input: INPUT, isInputCut: true }).text('Open "Sesame"/now'),
    ).toBe('Open "Sesame"/now');
    expect(scrubOf(NO_REDACTION, { input: INPUT, isInputCut: true }).hasNothing).toBe(true);
  });

  it('of a result are hidden in each text and number', () => {
    const words = scrubOf(RULES, { input: INPUT });
    const result = { a: ['it was Open "Sesame"/now'], b: { n: 4111111111111111, m: 5 }, c: null, d: true };
    expect(words.value(result)).toEqual({
      a: ['it was [hidden]'],
      b: { n: '[hidden]', m: 5 },
      c: null,
      d: true,
    });
    expect(words.json('{"a":"Ada L."}')).toBe('{"a":"[hidden]"}');
    expect(words.json('{"a":"Ada L. and no e')).toBe('{"a":"[hidden] and no e');
  });

  it('cost no more than their length, whatever is hidden', () => {
    const words = scrubOf(RULES, {
      input: { password: Array.from({ length: 60 }, (_, i) => 'a'.repeat(5000 + i)) },
    });
    expect(words.text('a'.repeat(64_000))).not.toContain('aaaaaaaa');
  });
});
