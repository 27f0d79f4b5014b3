import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { TaskLog, type AttemptLine } from '../../../src/worker/task-log.js';

interface Line {
  level: number;
  msg: string;
  taskId?: string;
  more?: number;
  slowestMs?: number;
  error?: string;
}

function logged(level = 'info') {
  const lines: Line[] = [];
  const log = new TaskLog(
    pino({ level, base: null }, { write: (text: string) => void lines.push(JSON.parse(text) as Line) }),
  );
  return { lines, log };
}

const line = (n: number, type = 'divide'): AttemptLine => ({
  taskId: `t${n}`,
  type,
  queue: 'default',
  attempt: 1,
  ms: n,
});

describe('TaskLog', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('tells each attempt where there are few', () => {
    const { lines, log } = logged();
    for (let n = 0; n < 10; n++) log.logAttempt(line(n), 'completed');
    expect(lines.map(({ taskId, msg }) => `${taskId} ${msg}`)).toEqual(
      Array.from({ length: 10 }, (_, n) => `t${n} divide completed`),
    );
  });

  it('tells the number of those beyond the first within a second, and each again afterwards', () => {
    const { lines, log } = logged();
    for (let n = 0; n < 1000; n++) log.logAttempt(line(n), 'completed');
    expect(lines).toHaveLength(20);
    jest.advanceTimersByTime(1000);
    expect(lines.at(-1)).toMatchObject({
      msg: 'divide completed, 980 more of them within a second',
      more: 980,
      slowestMs: 999,
    });
    log.logAttempt(line(2000), 'completed');
    expect(lines.at(-1)).toMatchObject({ taskId: 't2000' });
  });

  it('does not let many of one kind hide one of another', () => {
    const { lines, log } = logged();
    for (let n = 0; n < 1000; n++) log.logAttempt(line(n), 'completed');
    log.logAttempt(line(1), 'failed', 'TypeError');
    log.logAttempt(line(2), 'failed', 'RangeError');
    log.logAttempt(line(3, 'send-email'), 'completed');
    expect(lines.slice(-3).map(({ msg, error, level }) => [msg, error, level])).toEqual([
      ['divide failed', 'TypeError', 40],
      ['divide failed', 'RangeError', 40],
      ['send-email completed', undefined, 30],
    ]);
  });

  it('leaves no number untold when the worker stops', () => {
    const { lines, log } = logged();
    for (let n = 0; n < 30; n++) log.logAttempt(line(n), 'failed', 'Error');
    log.onApplicationShutdown();
    expect(lines.at(-1)).toMatchObject({ more: 10, error: 'Error', level: 40 });
  });

  it('writes every line at the level debug', () => {
    const { lines, log } = logged('debug');
    for (let n = 0; n < 100; n++) log.logAttempt(line(n), 'completed');
    expect(lines).toHaveLength(100);
  });
});
