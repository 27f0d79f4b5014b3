import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

interface Finding {
  file: string;
  line: number;
  found: string;
}

const { findRetiredWords, inCode, inText } = (await import('../../scripts/words-command.mjs' as string)) as {
  findRetiredWords(): Promise<Finding[]>;
  inCode(compiler: typeof ts, file: string, text: string): Finding[];
  inText(file: string, text: string): Finding[];
};

describe('words that Roost does not use', () => {
  it('are in no name, comment, text or document', async () => {
    expect(await findRetiredWords()).toEqual([]);
  });

  it.each([
    ['a name of an earlier version', 'class TaskMover {}'],
    ['a verb in a name', 'const keptUntil = 1;'],
    ['a private name', 'class A { #tellOfIt() {} }'],
    ['a verb in a comment', '/** Tells the worker. */\nexport const a = 1;'],
    ['a clause for a subject', '// What is left of it.\nexport const a = 1;'],
    ['a verb in a message', "throw new Error('Nobody has said which one.');"],
    ['a verb in a template', 'throw new Error(`${count} tasks were handed in`);'],
  ])('are found: %s', (_, text) => {
    expect(inCode(ts, 'src/a.ts', text)).toMatchObject([{ file: 'src/a.ts', line: 1 }]);
  });

  it.each([
    ['an ordinary phrase', '/** Takes 3 s, keeps its order and looks like a text. */\nexport const a = 1;'],
    ['a use of a name', 'export const a = (left: any) => left.guardian;'],
    ['an option of a library', 'export const a = { keepAlive: 1 };'],
    ['a code', "export const a = ['kept', 'told'];"],
  ])('are not found in %s', (_, text) => {
    expect(inCode(ts, 'src/a.ts', text)).toEqual([]);
  });

  it('are found in pages and documents by their line, but not in their code', () => {
    const page = '<p data-kept="{{kept}}">Fine</p>\n<p>It is kept.</p>';
    expect(inText('views/a.hbs', page)).toMatchObject([{ line: 2 }]);
    expect(inText('docs/a.md', 'Use `said`.\n\n```ts\nsaid;\n```\n\nThe log says why.')).toMatchObject([
      { line: 7 },
    ]);
  });
});
