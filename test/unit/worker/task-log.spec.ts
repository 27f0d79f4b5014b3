import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { TaskLog } from '../../../src/worker/task-log.js';

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

const kind = (type = 'divide', error?: string) => ({
  ...{ type, queue: 'default', outcome: error ? 'failed' : 'completed' },
  ...(error ? { error } : {}),
});

function logOne(log: TaskLog, n: number, of = kind()) {
  log.logAttempt(of, n, () => ({ taskId: `t${n}`, attempt: 1, requestId: `r${n}` }));
}

describe('TaskLog', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('tells each attempt where there are few', () => {
    const { lines, log } = logged();
    for (let n = 0; n < 10; n++) logOne(log, n);
    expect(lines.map(({ taskId, msg }) => `${taskId} ${msg}`)).toEqual(
      Array.from({ length: 10 }, (_, n) => `t${n} divide completed`),
    );
    expect(lines[3]).toMatchObject({ type: 'divide', queue: 'default', attempt: 1, ms: 3, requestId: 'r3' });
  });

  it('tells the number of those beyond the first within a second, and each again afterwards', () => {
    const { lines, log } = logged();
    for (let n = 0; n < 1000; n++) logOne(log, n);
    expect(lines).toHaveLength(20);
    jest.advanceTimersByTime(1000);
    expect(lines.at(-1)).toMatchObject({
      msg: 'divide completed, 980 more of them within a second',
      more: 980,
      slowestMs: 999,
    });
    logOne(log, 2000);
    expect(lines.at(-1)).toMatchObject({ taskId: 't2000' });
  });

  it('does not let many of one kind hide one of another', () => {
    const { lines, log } = logged();
    for (let n = 0; n < 1000; n++) logOne(log, n);
    logOne(log, 1, kind('divide', 'TypeError'));
    logOne(log, 2, kind('divide', 'RangeError'));
    logOne(log, 3, kind('send-email'));
    expect(lines.slice(-3).map(({ msg, error, level }) => [msg, error, level])).toEqual([
      ['divide failed', 'TypeError', 40],
      ['divide failed', 'RangeError', 40],
      ['send-email completed', undefined, 30],
    ]);
  });

  it('leaves no number untold when the worker stops', () => {
    const { lines, log } = logged();
    for (let n = 0; n < 30; n++) logOne(log, n, kind('divide', 'Error'));
    log.onApplicationShutdown();
    expect(lines.at(-1)).toMatchObject({ more: 10, error: 'Error', level: 40 });
  });

  it('writes every line at the level debug', () => {
    const { lines, log } = logged('debug');
    for (let n = 0; n < 100; n++) logOne(log, n);
    expect(lines).toHaveLength(100);
  });

  it('identifies no attempt whose line is only counted', () => {
    const { lines, log } = logged();
    let identified = 0;
    const identify = () => ({ taskId: `t${++identified}`, attempt: 1 });
    for (let n = 0; n < 100; n++) log.logAttempt(kind(), n, identify);
    expect([lines.length, identified]).toEqual([20, 20]);
  });
});
