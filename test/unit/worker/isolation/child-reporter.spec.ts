import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ChildReporter } from '../../../../src/worker/isolation/child-reporter.js';
import type { ReportEntry } from '../../../../src/worker/isolation/messages.js';

describe('ChildReporter', () => {
  let reports: ReportEntry[][];
  let room: boolean;
  let controller: AbortController;
  let reporter: ChildReporter;
  const said = () => reports.flat();

  beforeEach(() => {
    jest.useFakeTimers();
    reports = [];
    room = true;
    controller = new AbortController();
    reporter = new ChildReporter((entries) => (reports.push(entries), room), controller.signal);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('sends the first words at once, so that they are heard of a handler that blocks', () => {
    void reporter.progress(1, 2, 'half');
    reporter.log('now', 'warn');
    expect(reports).toEqual([[{ progress: [1, 2, 'half'] }], [{ log: ['now', 'warn'] }]]);
  });

  it('gathers what comes fast: every line, and of the progress the last, in order', () => {
    for (let i = 1; i <= 100; i++) {
      void reporter.progress(i, 100);
      reporter.log(`line ${i}`);
    }
    jest.advanceTimersByTime(1000);
    const lines = said().flatMap((entry) => ('log' in entry ? entry.log[0] : []));
    expect(lines).toEqual(Array.from({ length: 100 }, (_, i) => `line ${i + 1}`));
    expect(said().slice(-2)).toEqual([{ progress: [100, 100] }, { log: ['line 100', 'info'] }]);
    expect(reports.length).toBeLessThan(15);
  });

  it('waits while the channel is full', () => {
    room = false;
    reporter.log('one');
    reporter.log('two');
    expect(reports).toHaveLength(1);
    jest.advanceTimersByTime(100);
    expect(said()).toEqual([{ log: ['one', 'info'] }, { log: ['two', 'info'] }]);
  });

  it('sends the rest when it closes, and takes nothing after', () => {
    for (let i = 0; i < 20; i++) reporter.log(String(i));
    reporter.close();
    reporter.log('late');
    void reporter.progress(1, 1);
    jest.advanceTimersByTime(1000);
    expect(said()).toHaveLength(20);
  });

  it('keeps the last thousand lines of a flood, in reports of a bounded size', () => {
    for (let i = 0; i < 10_000; i++) reporter.log(`${i} ${'x'.repeat(1000)}`);
    reporter.close();
    expect(said().at(-1)).toMatchObject({ log: [expect.stringMatching(/^9999 /), 'info'] });
    expect(said().length).toBeGreaterThanOrEqual(1000);
    expect(said().length).toBeLessThan(2100);
    for (const entries of reports) expect(JSON.stringify(entries).length).toBeLessThan(200_000);
  });

  it('cuts long lines and messages', () => {
    reporter.log('x'.repeat(5000));
    void reporter.progress(1, 2, 'y'.repeat(500));
    expect(said()).toEqual([
      { log: [`${'x'.repeat(4000)}…`, 'info'] },
      { progress: [1, 2, 'y'.repeat(200)] },
    ]);
  });

  it('refuses numbers that make no progress, and everything once aborted', async () => {
    await expect(reporter.progress(-1, 2)).rejects.toThrow(RangeError);
    await expect(reporter.progress(NaN, 2)).rejects.toThrow(RangeError);
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(reporter.progress(1, 2)).rejects.toBe(reason);
  });
});
