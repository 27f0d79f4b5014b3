import { describe, expect, it } from '@jest/globals';
import { PermanentError } from '../../../../src/task-api/outcomes.js';
import { ProcessTextTask } from '../../../../src/task-types/process-text/process-text.task.js';
import { fakeContext } from '../../../support/fake-context.js';
import { TaskTypeBench } from '../../../support/task-type-bench.js';

const task = new TaskTypeBench(ProcessTextTask);

describe('process-text', () => {
  it('gives the processed text with its counts', async () => {
    const result = await task.run({ text: 'Hello, wide world!', operation: 'upper' });
    expect(result).toEqual({ text: 'HELLO, WIDE WORLD!', characters: 18, words: 3 });
  });

  it('repeats the processed text line by line and counts all of it', async () => {
    const result = await task.run({ text: 'two words', operation: 'title', repeat: 3 });
    expect(result).toEqual({ text: 'Two Words\nTwo Words\nTwo Words', characters: 29, words: 6 });
  });

  it.each([
    ['👨‍👩‍👧‍👦', 1, 0],
    ['🇩🇪🇫🇷', 2, 0],
    ['e\u0301', 1, 1],
    ['नमस्ते', 3, 1],
    ["don't stop", 10, 2],
    ['שלום עולם', 9, 2],
    ['我喜欢', 3, 2],
    ['', 0, 0],
    ['a\r\nb', 3, 2],
    ['\ud83d', 1, 0],
  ])('counts %j as a reader does', async (text, characters, words) => {
    await expect(task.run({ text, operation: 'trim' })).resolves.toMatchObject({ characters, words });
  });

  it.each([
    ['a\r', 'lower', 3],
    ['a', 'upper', 4],
    ['\u0301', 'lower', 3],
  ] as const)('counts the repeats of %j as their text says', async (text, operation, repeat) => {
    const result = await task.run({ text, operation, repeat });
    expect(result.characters).toBe([...new Intl.Segmenter('en').segment(result.text)].length);
  });

  it('reports every repeat', async () => {
    const ctx = fakeContext();
    await task.run({ text: 'a', operation: 'upper', repeat: 3, stepDelayMs: 1 }, ctx);
    expect(ctx.progressCalls.map(({ done, total }) => `${done}/${total}`)).toEqual([
      '0/3',
      '1/3',
      '2/3',
      '3/3',
    ]);
  });

  it('lets go in the middle of a pause', async () => {
    const reason = new Error('cancelled');
    const ctx = fakeContext({ onProgress: ({ done }, running) => done === 1 && running.abort(reason) });
    const running = task.run({ text: 'a', operation: 'upper', repeat: 1000, stepDelayMs: 1 }, ctx);
    await expect(running).rejects.toBe(reason);
    expect(ctx.progressCalls.at(-1)!.done).toBe(1);
  });

  it.each(['title', 'reverse'] as const)(
    'lets go while it divides a long text to %s it',
    async (operation) => {
      const reason = new Error('cancelled');
      const ctx = fakeContext();
      const running = task.run({ text: 'word '.repeat(20_000), operation }, ctx);
      setImmediate(() => ctx.abort(reason));
      await expect(running).rejects.toBe(reason);
    },
  );

  describe('with a result over the limit', () => {
    it('fails for good before it builds the text, and shows how much would fit', async () => {
      const ctx = fakeContext();
      const running = task.run({ text: 'x'.repeat(100_000), operation: 'upper', repeat: 1000 }, ctx);
      await expect(running).rejects.toThrow(PermanentError);
      await expect(running).rejects.toThrow(
        'The result would take 97,659 KiB, more than the limit of 1,024 KiB. Repeat it 10 times at most, or shorten it.',
      );
      expect(ctx.progressCalls.map(({ done }) => done)).toEqual([0]);
    });

    it('reports it where not even one fits', async () => {
      // One letter that is eighteen in its plain form.
      const running = task.run({ text: '\ufdfa'.repeat(100_000), operation: 'slug' });
      await expect(running).rejects.toThrow(/more than the limit of 1,024 KiB\. Shorten it\.$/);
    });

    it.each(['x', 'ü', '"', '\n', '👋'])('gives the most it promises, of %j', async (letter) => {
      const text = letter.repeat(10_000);
      const message = await task.run({ text, operation: 'reverse', repeat: 1000 }).then(
        () => '',
        (error: Error) => error.message,
      );
      const most = Number(/Repeat it (\d+) times/.exec(message)![1]);
      const result = await task.run({ text, operation: 'reverse', repeat: most });
      expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(task.type.resultLimitBytes);
      await expect(task.run({ text, operation: 'reverse', repeat: most + 1 })).rejects.toThrow(
        PermanentError,
      );
    });
  });

  it.each([
    ['text', undefined, 'is required: text of at most 100000 characters'],
    ['text', 5, 'must be text of at most 100000 characters, not 5'],
    ['text', 'x'.repeat(100_001), 'must be text of at most 100000 characters, not text of 100001 characters'],
    ['operation', 'uper', 'must be one of upper, lower, title, reverse, trim, slug, not the text "uper"'],
    ['operation', undefined, 'is required: one of upper, lower, title, reverse, trim, slug'],
    ['repeat', 0, 'must be a whole number from 1 to 1000, not 0'],
    ['repeat', 1001, 'must be a whole number from 1 to 1000, not 1001'],
    ['stepDelayMs', -1, 'must be a whole number from 0 to 5000, not -1'],
  ])('refuses %s of %p', async (field, value, message) => {
    const problems = await task.problems({ text: 'a', operation: 'upper', [field]: value });
    expect(problems).toEqual([{ path: `input.${field}`, message }]);
  });

  it('takes 100,000 characters outside the basic plane', async () => {
    await expect(task.problems({ text: '👋'.repeat(100_000), operation: 'upper' })).resolves.toEqual([]);
  });
});
