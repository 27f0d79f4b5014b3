import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TaskReporter } from '../../../src/worker/task-reporter.js';

type Write = [progress: string, lines: string[]];

describe('TaskReporter', () => {
  let writes: Write[];
  let controller: AbortController;
  let answer: () => Promise<void>;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    // Its clock starts at 0, where a real one has run for a while.
    jest.advanceTimersByTime(1000);
    writes = [];
    controller = new AbortController();
    answer = () => Promise.resolve();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const reporter = () =>
    new TaskReporter(
      (progress, lines) => {
        writes.push([progress, lines]);
        return answer();
      },
      2,
      controller.signal,
    );
  const progressOf = ([progress]: Write) =>
    progress === '' ? null : (JSON.parse(progress) as { done: number }).done;
  const textsOf = ([, lines]: Write) => lines.map((line) => (JSON.parse(line) as { text: string }).text);

  it('writes the first word soon, then the last of many every 100 ms', async () => {
    const subject = reporter();
    for (let done = 0; done < 30; done++) {
      await subject.progress(done, 30);
      await jest.advanceTimersByTimeAsync(10);
    }
    expect(writes.map(progressOf)).toEqual([0, 10, 20]);
    await subject.close();
    expect(writes.map(progressOf)).toEqual([0, 10, 20, 29]);
  });

  it('writes once for a task that says everything at once and ends', async () => {
    const subject = reporter();
    for (let done = 0; done <= 1000; done++) await subject.progress(done, 1000, `step ${done}`);
    subject.log('finished', 'warn');
    await subject.close();
    expect(writes).toHaveLength(1);
    expect(JSON.parse(writes[0]![0])).toEqual({ done: 1000, total: 1000, message: 'step 1000' });
    expect(JSON.parse(writes[0]![1][0]!)).toMatchObject({ level: 'warn', attempt: 2, text: 'finished' });
  });

  it('keeps every log line, in order, in writes of a bounded size', async () => {
    const subject = reporter();
    const lines = Array.from({ length: 1200 }, (_, i) => `line ${i}`);
    for (const line of lines) subject.log(line);
    await subject.close();
    expect(writes.flatMap(textsOf)).toEqual(lines);
    expect(Math.max(...writes.map(([, some]) => some.length))).toBeLessThanOrEqual(500);
  });

  it('never writes twice at the same time, and writes what came meanwhile after it', async () => {
    let release = () => {};
    answer = () => new Promise((resolve) => (release = resolve));
    const subject = reporter();
    await subject.progress(1, 3);
    await jest.advanceTimersByTimeAsync(500);
    await subject.progress(2, 3);
    await subject.progress(3, 3);
    await jest.advanceTimersByTimeAsync(500);
    expect(writes.map(progressOf)).toEqual([1]);
    const closing = subject.close();
    answer = () => Promise.resolve();
    release();
    await closing;
    expect(writes.map(progressOf)).toEqual([1, 3]);
  });

  it('takes nothing after its end', async () => {
    const subject = reporter();
    await subject.close();
    await subject.progress(1, 2);
    subject.log('late');
    await jest.advanceTimersByTimeAsync(1000);
    expect(writes).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('goes on when a write fails', async () => {
    answer = () => Promise.reject(new Error('Redis is away'));
    const subject = reporter();
    await subject.progress(1, 2);
    await jest.advanceTimersByTimeAsync(50);
    answer = () => Promise.resolve();
    await subject.progress(2, 2);
    await subject.close();
    expect(writes.map(progressOf)).toEqual([1, 2]);
  });

  it.each([
    [NaN, 1],
    [1, Infinity],
    [-1, 5],
    ['1' as unknown as number, 2],
  ])('refuses progress(%p, %p) with words', async (done, total) => {
    await expect(reporter().progress(done, total)).rejects.toThrow(RangeError);
  });

  it('throws the reason once the task should stop', async () => {
    const reason = new Error('cancelled by somebody');
    controller.abort(reason);
    await expect(reporter().progress(1, 2)).rejects.toBe(reason);
  });

  it('bounds what is stored of a message and of a line', async () => {
    const subject = reporter();
    await subject.progress(1, 2, 'm'.repeat(500));
    subject.log('l'.repeat(5000), 'loud' as 'info');
    subject.log(undefined as unknown as string);
    await subject.close();
    const [progress, lines] = writes[0]!;
    expect((JSON.parse(progress) as { message: string }).message).toHaveLength(200);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'info', text: `${'l'.repeat(4000)}…` });
    expect(JSON.parse(lines[1]!)).toMatchObject({ text: 'undefined' });
  });

  it('leaves the last progress to the completion where nothing else is to be written', async () => {
    const subject = reporter();
    expect(subject.removeLast()).toBeUndefined();
    await subject.progress(1, 3);
    await subject.progress(2, 3, 'second');
    expect(JSON.parse(subject.removeLast()!)).toEqual({ done: 2, total: 3, message: 'second' });
    expect(subject.close()).toBeUndefined();
    await jest.advanceTimersByTimeAsync(500);
    expect(writes).toEqual([]);
  });

  it('writes the last progress itself with a log line, or after a write that is on its way', async () => {
    const logged = reporter();
    await logged.progress(1, 3);
    logged.log('a line');
    expect(logged.removeLast()).toBeUndefined();
    await logged.close();
    expect(writes.map(progressOf)).toEqual([1]);
    let release = () => {};
    answer = () => new Promise((resolve) => (release = resolve));
    const slow = reporter();
    await slow.progress(1, 3);
    await jest.advanceTimersByTimeAsync(500);
    await slow.progress(2, 3);
    expect(slow.removeLast()).toBeUndefined();
    const closing = slow.close();
    answer = () => Promise.resolve();
    release();
    await closing;
    expect(writes.map(progressOf)).toEqual([1, 1, 2]);
  });
});
