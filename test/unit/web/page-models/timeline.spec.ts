import { describe, expect, it } from '@jest/globals';
import type { AttemptView, TaskView, TransitionView } from '../../../../src/contract/task-view.js';
import { toTimeline } from '../../../../src/web/page-models/timeline.js';
import { ago, NOW, sampleTask } from './samples.js';

const draw = (task: TaskView, attempts: AttemptView[] = [], transitions: TransitionView[] = []) =>
  toTimeline(task, attempts, transitions, NOW);
const said = (task: TaskView, attempts?: AttemptView[], transitions?: TransitionView[]) =>
  draw(task, attempts, transitions).segments.map((one) =>
    `${one.label} ${one.duration} ${one.outcome ?? ''}`.trim(),
  );
const sum = (widths: string[]) => widths.reduce((total, width) => total + Number.parseFloat(width), 0);

describe('the timeline of a task', () => {
  it('is to scale', () => {
    const { segments, total } = draw(
      sampleTask({ createdAt: ago(10_000), startedAt: ago(7_500), finishedAt: ago(0), waitMs: 2_500 }),
    );
    expect(segments.map((one) => [one.x, one.width])).toEqual([
      ['0%', '25%'],
      ['25%', '75%'],
    ]);
    expect(total).toBe('10.0 s');
  });

  it('goes on to now while the task runs', () => {
    const task = sampleTask({ state: 'active', finishedAt: undefined });
    expect(said(task)).toEqual(['waited 1.00 s', 'attempt 1 9.00 s running']);
  });

  it('tells attempts and the pauses between them', () => {
    const attempts: AttemptView[] = [
      { number: 1, startedAt: ago(9_000), finishedAt: ago(8_100), outcome: 'failed' },
      { number: 2, startedAt: ago(3_100), finishedAt: ago(1_900), outcome: 'completed' },
    ];
    const task = sampleTask({ finishedAt: ago(1_900) });
    const expected = [
      'waited 1.00 s',
      'attempt 1 900 ms failed',
      'pause 5.00 s',
      'attempt 2 1.20 s completed',
    ];
    expect(said(task, attempts)).toEqual(expected);
    const transitions: TransitionView[] = [
      { at: ago(10_000), state: 'waiting' },
      { at: ago(9_000), state: 'active', attempt: 1 },
      { at: ago(8_100), state: 'waiting', attempt: 1 },
      { at: ago(3_100), state: 'active', attempt: 2 },
      { at: ago(1_900), state: 'completed' },
    ];
    expect(said(task, attempts, transitions)).toEqual(expected);
  });

  it('parts a delay from the wait for a worker', () => {
    expect(
      said(sampleTask({ createdAt: ago(70_000), startedAt: ago(9_000), waitMs: 1_000 })).slice(0, 2),
    ).toEqual(['delayed 1 m 00 s', 'waited 1.00 s']);
  });

  it('shows a worker that went away as lost', () => {
    const attempts: AttemptView[] = [
      { number: 1, startedAt: ago(9_000), finishedAt: ago(5_000), outcome: 'lost' },
      { number: 2, startedAt: ago(4_000) },
    ];
    const { segments } = draw(sampleTask({ state: 'active', finishedAt: undefined }), attempts);
    expect(segments.map((one) => one.tone)).toEqual(['waiting', 'lost', 'delayed', 'active']);
  });

  it('keeps a run of a millisecond visible beside a wait of a day, and fills the width', () => {
    const { segments } = draw(
      sampleTask({ createdAt: ago(86_400_001), startedAt: ago(1), finishedAt: ago(0), waitMs: 86_400_000 }),
    );
    expect(Number.parseFloat(segments[1]!.width)).toBeGreaterThanOrEqual(0.8);
    expect(sum(segments.map((one) => one.width))).toBeCloseTo(100, 1);
  });

  it.each([
    [sampleTask({ state: 'waiting', startedAt: undefined, finishedAt: undefined }), ['waiting 10.0 s']],
    [sampleTask({ state: 'delayed', startedAt: undefined, finishedAt: undefined }), ['delayed 10.0 s']],
    [sampleTask({ state: 'cancelled', startedAt: undefined, waitMs: undefined }), ['waited 2.24 s']],
    [
      sampleTask({
        state: 'expired',
        createdAt: ago(0),
        startedAt: undefined,
        finishedAt: ago(0),
        waitMs: undefined,
      }),
      ['waited 0 ms'],
    ],
  ])('draws a task that never ran', (task, expected) => {
    expect(said(task)).toEqual(expected);
  });
});
