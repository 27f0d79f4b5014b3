import { describe, expect, it } from '@jest/globals';
import type { AttemptView, TaskView, TransitionView } from '../../../../src/model/task-view.js';
import { toTimeline } from '../../../../src/web/task/timeline.js';
import { ago, NOW, sampleTask } from '../page-models/samples.js';

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

  it('shows attempts and the pauses between them', () => {
    const attempts: AttemptView[] = [
      { number: 1, startedAt: ago(9_000), finishedAt: ago(8_100), outcome: 'failed' },
      { number: 2, startedAt: ago(3_100), finishedAt: ago(1_900), outcome: 'completed' },
    ];
    const task = sampleTask({ finishedAt: ago(1_900) });
    const expected = [
      'waited 1.00 s',
      'attempt 1 900 ms failed',
      'backoff 5.00 s',
      'attempt 2 1.20 s completed',
    ];
    expect(said(task, attempts)).toEqual(expected);
    const transitions: TransitionView[] = [
      { at: ago(10_000), state: 'waiting' },
      { at: ago(9_000), state: 'active', attempt: 1 },
      { at: ago(8_100), state: 'delayed', attempt: 1 },
      { at: ago(3_101), state: 'waiting' },
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

  it('distinguishes a wait between two attempts from the backoff before it', () => {
    const transitions: TransitionView[] = [
      { at: ago(10_000), state: 'waiting' },
      { at: ago(9_000), state: 'active', attempt: 1 },
      { at: ago(8_000), state: 'delayed' },
      { at: ago(6_000), state: 'waiting' },
      { at: ago(3_000), state: 'active', attempt: 2 },
    ];
    const task = sampleTask({ state: 'active', finishedAt: undefined });
    expect(said(task, [], transitions)).toEqual([
      'waited 1.00 s',
      'attempt 1 1.00 s',
      'backoff 2.00 s',
      'waited 3.00 s',
      'attempt 2 3.00 s running',
    ]);
  });

  it('shows that it rested until somebody had it tried again', () => {
    const transitions: TransitionView[] = [
      { at: ago(9_000), state: 'waiting' },
      { at: ago(8_000), state: 'active', attempt: 1 },
      { at: ago(7_000), state: 'failed' },
      { at: ago(3_000), state: 'waiting' },
      { at: ago(2_000), state: 'active', attempt: 2 },
      { at: ago(1_000), state: 'completed' },
    ];
    const { segments } = draw(sampleTask({ finishedAt: ago(1_000) }), [], transitions);
    expect(segments[2]).toMatchObject({ label: 'failed, until retried', tone: 'rest', duration: '4.00 s' });
  });

  it('breaks what is a thousand times longer than the rest, and reports it', () => {
    const { segments, hasBreaks } = draw(
      sampleTask({ createdAt: ago(86_400_001), startedAt: ago(1), finishedAt: ago(0), waitMs: 86_400_000 }),
    );
    expect(hasBreaks).toBe(true);
    expect(segments.map((one) => one.breakX !== undefined)).toEqual([true, false]);
    const [wait, run] = segments.map((one) => Number.parseFloat(one.width));
    expect(run).toBeGreaterThanOrEqual(10);
    expect(wait).toBeGreaterThan(run!);
    expect(sum(segments.map((one) => one.width))).toBeCloseTo(100, 1);
    expect(segments[1]!.text).toBe('attempt 1 1 ms');
  });

  it('shows the first and the last of more attempts than can be read', () => {
    const transitions = Array.from({ length: 200 }, (_, i): TransitionView => ({
      at: ago(200_000 - i * 1_000),
      state: i % 2 === 0 ? 'delayed' : 'active',
    }));
    const { segments, total } = draw(
      sampleTask({ finishedAt: ago(0) }),
      [],
      [...transitions, { at: ago(0), state: 'completed' }],
    );
    expect(segments.length).toBeLessThanOrEqual(32);
    expect(segments.map((one) => one.label)).toContain('85 more attempts');
    expect(segments.at(-1)!.label).toBe('attempt 100');
    expect(total).toBe('3 m 20 s');
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
