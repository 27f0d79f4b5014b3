import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  applyOperation,
  countGraphemes,
  countWords,
} from '../../../../src/task-types/process-text/text-operations.js';
import type { Operation } from '../../../../src/task-types/process-text/text-operations.js';
import { codePoint } from '../../../support/code-points.js';

const { signal } = new AbortController();
const apply = (operation: Operation, text: string) => applyOperation(text, operation, signal);
const graphemesOf = (text: string) =>
  Array.from(new Intl.Segmenter('en').segment(text), ({ segment }) => segment);

/** Text of what is hard to divide, long enough for several windows. */
const hardText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '👨‍👩‍👧‍👦',
        '🇩🇪',
        '🇫',
        'e\u0301',
        'क्ष',
        '한',
        '\u1112\u1161\u11ab',
        '👋🏽',
        '\r\n',
        ' ',
        'word',
        '\ud83d',
        '\u200d',
        'ไทย',
      ),
      fc.string({ unit: codePoint, maxLength: 5 }),
    ),
    { maxLength: 400, size: 'max' },
  )
  .map((parts) => parts.join(''));

describe('text operations', () => {
  it.each<[Operation, string, string]>([
    ['upper', 'straße ﬁn', 'STRASSE FIN'],
    ['upper', '\u0149 \u0390', '\u02bcN \u0399\u0308\u0301'],
    ['lower', 'ΟΔΥΣΣΕΥΣ', 'οδυσσευς'],
    ['lower', 'ÄÖÜ ДА', 'äöü да'],
    ['title', 'hello wide WORLD', 'Hello Wide World'],
    ['title', "don't o'neill's", "Don't O'neill's"],
    ['title', 'jean-luc  picard', 'Jean-Luc  Picard'],
    ['title', 'ΟΔΟΣ ΟΣ', 'Οδος Ος'],
    ['title', 'ßtart ﬁne', 'Sstart Fine'],
    ['title', '\u01c6ungla \u01c7UBAV', '\u01c5ungla \u01c8ubav'],
    ['title', 'école ñandú', 'École Ñandú'],
    ['title', 'e\u0301cole', 'E\u0301cole'],
    ['title', '𐐨𐐩', '𐐀𐐩'],
    ['title', 'שלום 你好 123abc', 'שלום 你好 123abc'],
    ['reverse', 'abc', 'cba'],
    ['reverse', '🇩🇪🇫🇷!', '!🇫🇷🇩🇪'],
    ['reverse', 'ab👨‍👩‍👧‍👦c', 'c👨‍👩‍👧‍👦ba'],
    ['reverse', 'e\u0301a👋🏽', '👋🏽ae\u0301'],
    ['reverse', 'नमस्ते', 'स्तेमन'],
    ['reverse', 'שלום', 'םולש'],
    ['reverse', 'a\r\nb', 'b\r\na'],
    ['reverse', '', ''],
    ['trim', ' \t\u00a0\u3000 a b \n', 'a b'],
    ['slug', 'Hello, wide World!', 'hello-wide-world'],
    ['slug', '  --Grüße   aus KÖLN--  ', 'gruße-aus-koln'],
    ['slug', 'Crème brûlée & ﬁnesse x²', 'creme-brulee-finesse-x2'],
    ['slug', "Don't panic, it’s fine", 'dont-panic-its-fine'],
    ['slug', 'Привет, мир', 'привет-мир'],
    ['slug', '東京 タワー が', '東京-タワー-が'],
    ['slug', 'हिन्दी भाषा', 'हिन्दी-भाषा'],
    ['slug', '한국어 문서', '한국어-문서'],
    ['slug', 'İstanbul', 'istanbul'],
    ['slug', '👋🏽 wave 👨‍👩‍👧‍👦', 'wave'],
    ['slug', '!!!', ''],
  ])('%s turns %j into %j', async (operation, text, result) => {
    await expect(apply(operation, text)).resolves.toBe(result);
  });

  it('reverse loses no character and undoes itself where nothing joins anew', async () => {
    const separate = fc.array(fc.constantFrom('a', 'é', '🇩🇪', '👨‍👩‍👧‍👦', 'e\u0301', '👋🏽', ' ', '我'), {
      maxLength: 600,
      size: 'max',
    });
    await fc.assert(
      fc.asyncProperty(separate, async (parts) => {
        const reversed = await apply('reverse', parts.join(''));
        expect(reversed).toBe([...parts].reverse().join(''));
        expect(await apply('reverse', reversed)).toBe(parts.join(''));
      }),
    );
  });

  it('divides long text into the same graphemes as if it were read in one go', async () => {
    await fc.assert(
      fc.asyncProperty(hardText, async (text) => {
        const graphemes = graphemesOf(text);
        expect(await countGraphemes(text, signal)).toBe(graphemes.length);
        expect(await apply('reverse', text)).toBe(graphemes.reverse().join(''));
      }),
    );
  });

  it('counts the words of long text as if it were read in one go', async () => {
    const word = fc.constantFrom('hello', "don't", 'שלום', 'привет', '3.14', 'a', '🇩🇪', 'x'.repeat(100));
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 500, size: 'max' }), async (words) => {
        const text = words.join(' ');
        const all = [...new Intl.Segmenter('en', { granularity: 'word' }).segment(text)];
        expect(await countWords(text, signal)).toBe(all.filter(({ isWordLike }) => isWordLike).length);
      }),
    );
  });

  it('keeps a letter under thousands of marks whole', async () => {
    const tower = `e${'\u0301'.repeat(5000)}`;
    expect(await countGraphemes(`a${tower}b`, signal)).toBe(3);
    expect(await apply('reverse', `a${tower}b`)).toBe(`b${tower}a`);
  });

  it('gives slugs that are slugs already', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 30 }), async (text) => {
        const slug = await apply('slug', text);
        expect(slug).toMatch(/^([\p{L}\p{M}\p{N}]+(-[\p{L}\p{M}\p{N}]+)*)?$/u);
        expect(await apply('slug', slug)).toBe(slug);
      }),
    );
  });

  it.each([
    ['letters', 'a'.repeat(100_000)],
    ['Chinese', '我喜欢编程'.repeat(20_000)],
    ['families', '👨‍👩‍👧‍👦'.repeat(9000)],
  ])('reverses 100,000 units of %s in a time that grows with the length alone', async (_, text) => {
    const begin = performance.now();
    await apply('reverse', text);
    // Read in one go it takes 3 to 20 s.
    expect(performance.now() - begin).toBeLessThan(2500);
  });
});
