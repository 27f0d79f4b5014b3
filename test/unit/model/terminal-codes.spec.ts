import { describe, expect, it } from '@jest/globals';
import { withoutTerminalCodes } from '../../../src/model/terminal-codes.js';

describe('withoutTerminalCodes', () => {
  it.each([
    ['a colour', '\u001b[31mred\u001b[0m', 'red'],
    ['a colour within a word', 're\u001b[1;31md\u001b[39m', 'red'],
    ['256 and true colours', '\u001b[38;5;196mred\u001b[48;2;1;2;3m\u001b[38:2::1:2:3m!\u001b[m', 'red!'],
    ['moves of the cursor', '\u001b[2K\u001b[1G50 %\u001b[10;20H\u001b[?25l', '50 %'],
    [
      'a link, ended by ST or BEL',
      '\u001b]8;;https://a.example/x y\u001b\\here\u001b]8;;\u0007 now',
      'here now',
    ],
    ['the title of a window', '\u001b]0;my window\u0007text', 'text'],
    ['a device string', '\u001bP1$r0m\u001b\\text', 'text'],
    ['a choice of characters', '\u001b(Bplain\u001b)0', 'plain'],
    ['short ones', '\u001b7here\u001b8\u001bM\u001bc', 'here'],
    ['eight bits', '\u009b31mred\u009b0m', 'red'],
    ['one that is cut', 'end\u001b[38;5', 'end'],
    ['a link that is cut', 'see \u001b]8;;https://a.example', 'see '],
    ['an escape alone', 'a\u001b', 'a'],
  ])('takes out %s', (_, text, plain) => expect(withoutTerminalCodes(text)).toBe(plain));

  it.each(['plain', 'a[31m]b', 'tab\tand\nline', 'â\u0080\u009d and â\u0080\u009c', '日本語', ''])(
    'leaves %j',
    (text) => expect(withoutTerminalCodes(text)).toBe(text),
  );

  it('takes linear time', () => {
    const began = performance.now();
    for (const piece of ['\u001b]', '\u001b[1;', '\u001b', '\u009b1', '\u001bP\u009c', '\u001b ']) {
      withoutTerminalCodes(piece.repeat(100_000));
    }
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
