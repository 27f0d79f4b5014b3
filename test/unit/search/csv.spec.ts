import { describe, expect, it } from '@jest/globals';
import { csvCell, csvLine } from '../../../src/search/csv.js';

describe('CSV', () => {
  it('quotes what would end a cell or a row', () => {
    expect(csvLine(['a', 'b,c', 'say "hi"', 'two\nlines', null, undefined, 5])).toBe(
      'a,"b,c","say ""hi""","two\nlines",,,5\r\n',
    );
  });

  it.each([
    '=1+2',
    '+1+2',
    '-2+3',
    '@SUM(A1)',
    '\tx',
    '\rx',
    '\nx',
    '＝1',
    '-',
    '+',
    '=HYPERLINK("http://x")',
  ])('disarms %j', (text) => {
    expect(csvCell(text)).toBe(`"'${text.replaceAll('"', '""')}"`);
  });

  it.each(['-5', '-0.25', '1e9', '-1.5E-3', '0'])('leaves the number %s alone', (text) => {
    expect(csvCell(text)).toBe(text);
    expect(csvCell(Number(text))).toBe(String(Number(text)));
  });
});
