import { describe, expect, it } from '@jest/globals';
import type { WhyView } from '../../../../src/tasks/task-queries.openapi.js';
import { toCancelling, toCancelView } from '../../../../src/web/task/cancel-view.js';
import { toWhyPanel } from '../../../../src/web/task/why-view.js';
import { ago, sampleTask } from './samples.js';

const isolated = { isolate: true, cancelGraceMs: 5_000 };
const inside = { isolate: false, cancelGraceMs: 5_000 };

describe('cancelling', () => {
  it('needs no force for a task that does not run', () => {
    expect(toCancelView(sampleTask({ state: 'waiting' }), inside)?.force).toBeUndefined();
    expect(toCancelView(sampleTask({ state: 'completed' }), inside)).toBeUndefined();
  });

  it('shows what force means for the way the task runs', () => {
    const running = sampleTask({ state: 'active' });
    expect(toCancelView(running, isolated)?.force).toMatchObject({
      label: 'Kill it at once',
      hint: expect.stringContaining('5.00 s'),
    });
    expect(toCancelView(running, inside)?.force).toMatchObject({
      label: 'Do not wait for it',
      hint: expect.stringContaining('cannot be killed'),
    });
    expect(toCancelView(running, undefined)?.force?.label).toBe('By force');
  });

  it('can be asked for again while the task runs on', () => {
    const cancelRequested = { by: 'api', at: ago(1_000), reason: 'wrong file' };
    const task = sampleTask({ state: 'active', cancelRequested });
    expect(toCancelView(task, inside)?.label).toBe('Cancel again');
    expect(toCancelling(task, inside)).toMatchObject({
      by: 'api',
      note: expect.stringContaining('cannot be killed'),
    });
    expect(toCancelling(task, isolated)?.note).toContain('killed 5.00 s later');
    const told = sampleTask({
      state: 'active',
      cancelRequested: { ...cancelRequested, note: 'As the worker said.' },
    });
    expect(toCancelling(told, inside)?.note).toBe('As the worker said.');
    expect(toCancelling(sampleTask({ state: 'cancelled', cancelRequested }), inside)).toBeUndefined();
  });
});

describe('why a task does not run', () => {
  const why = (parts: Partial<WhyView> = {}): WhyView => ({
    id: 't1',
    state: 'waiting',
    summary: 'Nothing blocks it: it is next.',
    position: { ahead: 0, atLeast: false },
    blockers: [],
    unknown: [],
    estimate: { startInMs: 400, startAt: ago(-400), basis: 'It is next.' },
    ...parts,
  });

  it('is asked of waiting tasks alone', () => {
    expect(toWhyPanel(undefined)).toBeUndefined();
    expect(toWhyPanel(why({ state: 'active', estimate: null }))).toBeUndefined();
  });

  it('shows place and time', () => {
    expect(toWhyPanel(why())).toMatchObject({ position: 'next in turn', estimate: { text: 'Starts now' } });
    expect(toWhyPanel(why({ position: { ahead: 10_000, atLeast: true } }))?.position).toBe(
      'more than 10,000 tasks before it',
    );
    const estimate = { startInMs: null, startAt: null, basis: 'Nobody knows.' };
    expect(toWhyPanel(why({ estimate }))?.estimate).toEqual({
      text: 'The start cannot be predicted',
      basis: 'Nobody knows.',
    });
  });

  it('gives people a link where programs get a request', () => {
    const blockers: WhyView['blockers'] = [
      {
        code: 'QUEUE_PAUSED',
        message: 'Paused.',
        cure: 'Resume the queue: POST /api/v1/queues/cpu/resume',
        href: '/monitor/queues/cpu',
      },
      {
        code: 'TYPE_RATE_LIMITED',
        message: 'Used up.',
        cure: 'Raise or lift it: PUT or DELETE /api/v1/limits/divide',
      },
      {
        code: 'CONCURRENCY_FULL',
        message: 'All 1 slot taken.',
        cure: 'Start another worker.',
        href: '/monitor/workers',
        tasks: Array.from({ length: 7 }, (_, i) => ({
          id: `task-${i}`,
          type: 'divide',
          runMs: 1_240,
          href: `/tasks/${i}`,
        })),
      },
    ];
    const lines = toWhyPanel(why({ blockers }))!.blockers;
    expect(lines.map(({ cure, link }) => [cure, link])).toEqual([
      ['Resume the queue.', { href: '/monitor/queues/cpu', label: 'Open the queue' }],
      ['Raise or lift it.', { href: '/monitor/limits', label: 'Limits' }],
      ['Start another worker.', { href: '/monitor/workers', label: 'Workers' }],
    ]);
    expect(lines[2]).toMatchObject({ tasks: { length: 5 }, more: 'and 2 more' });
    expect(lines[2]!.tasks[0]).toMatchObject({ ran: '1.24 s' });
  });

  it('tells a task once, however many limits it fills', () => {
    const tasks = [{ id: 'task-1', type: 'divide', href: '/tasks/1' }];
    const full = { code: 'CONCURRENCY_FULL' as const, message: 'Full.', href: '/monitor/workers', tasks };
    const { blockers } = toWhyPanel(why({ blockers: [full, full] }))!;
    expect(blockers.map((blocker) => blocker.tasks.length)).toEqual([1, 0]);
  });
});
