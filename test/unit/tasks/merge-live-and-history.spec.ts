import { describe, expect, it } from '@jest/globals';
import type { AttemptView, TransitionView } from '../../../src/model/task-view.js';
import {
  completeTransitions,
  mergeAttempts,
  withoutDuplicates,
  withDetails,
} from '../../../src/tasks/merge-live-and-history.js';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const step = (second: number, state: TransitionView['state'], attempt?: number): TransitionView => ({
  at: at(second),
  state,
  ...(attempt ? { attempt } : {}),
});
const said = (transitions: TransitionView[]) =>
  transitions.map(({ at: when, state, attempt }) => `${when.slice(17, 19)} ${state}${attempt ?? ''}`);

describe('the transitions of Redis and of the history together', () => {
  const recorded = [step(0, 'waiting'), step(1, 'active', 1), step(5, 'delayed')];

  it('are those recorded where nothing is newer', () => {
    const derived = [step(0, 'waiting'), step(1, 'active', 1), step(5, 'delayed')];
    expect(completeTransitions(recorded, derived)).toEqual(recorded);
  });

  it('are those of Redis where nothing is recorded', () => {
    expect(completeTransitions([], recorded)).toEqual(recorded);
  });

  it('go on with what the history does not know', () => {
    const derived = [
      ...recorded.slice(0, 2),
      step(5, 'waiting', 1),
      step(9, 'active', 2),
      step(10, 'completed'),
    ];
    expect(said(completeTransitions(recorded, derived))).toEqual([
      '00 waiting',
      '01 active1',
      '05 delayed',
      '05 waiting1',
      '09 active2',
      '10 completed',
    ]);
  });

  it('do not tell a wait twice that Redis can only guess at', () => {
    const derived = [step(0, 'waiting'), step(1, 'active', 1), step(5, 'waiting', 1)];
    const told = [...recorded, step(6, 'waiting')];
    expect(completeTransitions(told, derived)).toEqual(told);
  });

  it('number the runs, also where that was not recorded', () => {
    const told = [step(0, 'waiting'), step(1, 'active'), step(2, 'delayed'), step(3, 'active')];
    const derived = [step(0, 'waiting'), step(1, 'active', 1), step(3, 'active', 2)];
    expect(said(completeTransitions(told, derived))).toEqual([
      '00 waiting',
      '01 active1',
      '02 delayed',
      '03 active2',
    ]);
  });

  it('take clocks that differ by milliseconds for one time', () => {
    const told = [
      step(0, 'waiting'),
      step(1, 'active', 1),
      { at: at(5).replace('000Z', '003Z'), state: 'completed' } as const,
    ];
    const derived = [step(0, 'waiting'), step(1, 'active', 1), step(5, 'completed')];
    expect(completeTransitions(told, derived)).toEqual(told);
  });

  it('show once what was recorded from an event and from the job itself', () => {
    const row = (second: number, seq: number, state: 'waiting' | 'completed') => ({
      at: second * 1000,
      seq,
      state,
    });
    const rows = [row(10, -1, 'waiting'), row(10, 0, 'waiting'), row(20, -1, 'completed')];
    expect(withoutDuplicates(rows)).toEqual(rows.slice(1));
  });

  it('show what they came from', () => {
    const attempts: AttemptView[] = [
      { number: 1, worker: 'w1', outcome: 'failed', error: { name: 'E', message: 'boom' } },
    ];
    const told = withDetails([...recorded, { ...step(6, 'waiting'), detail: 'as told' }], attempts);
    expect(told.map(({ detail }) => detail)).toEqual(['submitted', 'on w1', 'boom', 'as told']);
  });
});

describe('the attempts of Redis and of the history together', () => {
  const past: AttemptView = {
    number: 1,
    worker: 'w1',
    startedAt: at(1),
    finishedAt: at(3),
    runMs: 2000,
    outcome: 'failed',
    error: { name: 'E', message: 'boom', stack: 'E: boom\n at x' },
  };

  it('are one row a run', () => {
    const live: AttemptView[] = [
      { number: 1, outcome: 'lost' },
      { number: 2, startedAt: at(5) },
    ];
    expect(mergeAttempts(live, [past])).toEqual([past, live[1]]);
  });

  it('keep the stack that Redis has lost', () => {
    const live: AttemptView = { ...past, error: { name: 'E', message: 'boom' } };
    expect(mergeAttempts([live], [past])).toEqual([past]);
  });

  it('run on where Redis reports it', () => {
    const [merged] = mergeAttempts([{ number: 1, startedAt: at(1) }], [past]);
    expect(merged).toEqual({ number: 1, worker: 'w1', startedAt: at(1) });
  });

  it('that only the history has come in their place', () => {
    const live: AttemptView[] = [{ number: 3, startedAt: at(9) }];
    expect(mergeAttempts(live, [past, { ...past, number: 2 }]).map(({ number }) => number)).toEqual([
      1, 2, 3,
    ]);
  });
});
