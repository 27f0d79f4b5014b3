import { describe, expect, it } from '@jest/globals';
import type { AttemptView, TaskView } from '../../../../src/model/task-view.js';
import { toTransitions } from '../../../../src/bullmq/codec/transitions.js';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const task = (view: Partial<TaskView>) =>
  ({ createdAt: at(0), state: 'waiting', error: null, ...view }) as TaskView;
const attempt = (view: Partial<AttemptView>) =>
  ({ number: 1, worker: 'w', startedAt: at(1), ...view }) as AttemptView;
const path = (view: Partial<TaskView>, attempts: AttemptView[] = []) =>
  toTransitions(task(view), attempts).map(({ at: when, state, attempt: number, detail }) => [
    when,
    state,
    number,
    detail,
  ]);

describe('toTransitions', () => {
  it('begins with the hand-in', () => {
    expect(path({})).toEqual([[at(0), 'waiting', undefined, 'submitted']]);
  });

  it('reports a task that ran through', () => {
    const done = attempt({ finishedAt: at(3), outcome: 'completed' });
    expect(path({ state: 'completed', finishedAt: at(3) }, [done])).toEqual([
      [at(0), 'waiting', undefined, 'submitted'],
      [at(1), 'active', 1, 'on w'],
      [at(3), 'completed', undefined, undefined],
    ]);
  });

  it('shows why it failed and that it was tried again', () => {
    const failed = (number: number, start: number) =>
      attempt({
        number,
        startedAt: at(start),
        finishedAt: at(start + 1),
        outcome: 'failed',
        error: { name: 'E', message: `no ${number}` },
      });
    const error = { name: 'E', message: 'no 2' };
    expect(path({ state: 'failed', finishedAt: at(5), error }, [failed(1, 1), failed(2, 4)])).toEqual([
      [at(0), 'waiting', undefined, 'submitted'],
      [at(1), 'active', 1, 'on w'],
      [at(2), 'waiting', 1, 'no 1'],
      [at(4), 'active', 2, 'on w'],
      [at(5), 'failed', undefined, 'no 2'],
    ]);
  });

  it('shows what a delayed task waits for', () => {
    expect(path({ state: 'delayed', delayUntil: at(9) }).at(-1)).toEqual([
      at(0),
      'delayed',
      undefined,
      `until ${at(9)}`,
    ]);
    const failed = attempt({ finishedAt: at(2), outcome: 'failed' });
    expect(path({ state: 'delayed', delayUntil: at(9) }, [failed]).at(-1)).toEqual([
      at(2),
      'delayed',
      undefined,
      `until ${at(9)}`,
    ]);
  });

  it('shows why it was cancelled', () => {
    const cancelled = { by: 'api', at: at(2), reason: 'a mistake' };
    expect(path({ state: 'cancelled', finishedAt: at(2), cancelled }).at(-1)).toEqual([
      at(2),
      'cancelled',
      undefined,
      'a mistake',
    ]);
  });
});
