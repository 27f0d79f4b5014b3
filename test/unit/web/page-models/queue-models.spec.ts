import { describe, expect, it } from '@jest/globals';
import type { FieldProblem } from '../../../../src/model/errors.js';
import { parseLimits } from '../../../../src/web/limits/limit-form.js';
import { formatRateLimit } from '../../../../src/web/limits/limits-page.js';
import { parseOrder } from '../../../../src/web/kit/order-form.js';
import { toQueueConfirm } from '../../../../src/web/queues/queue-confirm.js';
import { toQueuePage } from '../../../../src/web/queues/queue-page.js';
import { toQueuesPage } from '../../../../src/web/queues/queues-page.js';
import { sampleQueue } from './fleet-samples.js';
import { ago, NOW } from './samples.js';

describe('a queue', () => {
  const number = (parts: Parameters<typeof sampleQueue>[0], id: string) =>
    toQueuePage(sampleQueue(parts)).numbers.find((one) => one.id === `number-${id}`)!;

  it('shows what in and out come to', () => {
    expect(number({}, 'out').note).toBe('empty in about 1 m 00 s');
    expect(number({ inPerMinute: 30 }, 'out').note).toBe('growing by 8 a minute');
    expect(number({ inPerMinute: 22 }, 'out').note).toBe('steady');
    expect(number({ inPerMinute: null }, 'out').note).toBe('not known yet');
    expect(number({ inPerMinute: null }, 'in').value).toBe('–');
  });

  it('marks a long wait and a queue that nobody serves', () => {
    expect(number({ oldestWaitingMs: 61_000 }, 'oldest').tone).toBe('warning');
    expect(number({ workers: 0 }, 'slots').tone).toBe('warning');
  });

  it('draws every state as a bar and a door', () => {
    const { states } = toQueuePage(sampleQueue());
    expect(states.map(({ state, width }) => `${state} ${width}`)).toEqual([
      'waiting 1.2%',
      'delayed 0.5%',
      'waiting-children 0%',
      'active 0.5%',
      'completed 100%',
      'failed 0.5%',
      'cancelled 0%',
      'expired 0%',
    ]);
    expect(states[0]!.href).toBe('/tasks?queue=default&state=waiting');
  });

  it('shows how it knows what waits', () => {
    expect(toQueuePage(sampleQueue()).sampled).toBe('All 12 waiting tasks.');
    const composition = { sampled: 1_000, of: 5_000, types: [] };
    expect(toQueuePage(sampleQueue({ composition })).sampled).toBe(
      'Sample: the 1,000 next in turn of 5,000 waiting tasks.',
    );
  });

  it('shows in words what was done to it', () => {
    const at = ago(0);
    const did = [
      { action: 'pause', at, by: 'api' },
      { action: 'clean failed', at, by: 'api', done: 1_204 },
      { action: 'concurrency', at, by: 'api', value: 40 },
      { action: 'concurrency', at, by: 'api' },
      { action: 'rate-limit', at, by: 'api', max: 10, perMs: 60_000 },
      { action: 'drain', at, by: 'api', done: 1 },
    ];
    expect(toQueuePage(sampleQueue({ actions: did })).actions.map(({ text }) => text)).toEqual([
      'paused',
      'cleaned of failed: 1,204 tasks',
      'at most 40 at once',
      'concurrency limit lifted',
      'at most 10 per minute',
      'drained: 1 task',
    ]);
  });

  it('shows in the list why it is paused and what limits it', () => {
    const [line] = toQueuesPage([
      sampleQueue({
        paused: { by: 'api', reason: 'deploy', until: ago(-1) },
        globalConcurrency: { value: 4, origin: 'override' },
        rateLimit: { max: 5, perMs: 30_000, waitMs: 0 },
      }),
    ]).queues;
    expect(line).toMatchObject({
      paused: { words: 'paused by api: deploy' },
      limits: ['4 at once', '5 per 30 s'],
    });
  });
});

describe('before something is done to all tasks of a queue', () => {
  it('names the states it hits with their counts', () => {
    const hits = (act: 'drain' | 'clean' | 'promote') =>
      toQueueConfirm(act, sampleQueue(), {}).hits.map(({ state, count }) => `${state} ${count}`);
    expect(hits('drain')).toEqual(['waiting 12', 'delayed 3']);
    expect(hits('promote')).toEqual(['delayed 3']);
    expect(hits('clean')).toEqual(['completed 1000', 'failed 5', 'cancelled 0', 'expired 0']);
  });

  it('wants the name typed for a drain alone', () => {
    expect(toQueueConfirm('drain', sampleQueue(), {}).typeName).toBe(true);
    expect(toQueueConfirm('clean', sampleQueue(), {}).typeName).toBe(false);
  });

  it('begins with the state there is most to clean of', () => {
    const { clean } = toQueueConfirm('clean', sampleQueue(), {});
    expect(clean?.states.find(({ selected }) => selected)?.label).toBe('completed (1,000)');
  });
});

describe('an order', () => {
  const read = (form: Record<string, string>) => {
    const problems: FieldProblem[] = [];
    return { order: parseOrder(form, problems, NOW), wrong: problems.map(({ path }) => path) };
  };

  it('ends after a time, at a time, or never', () => {
    expect(read({ reason: ' deploy ', for: '1,5', forUnit: 'h' }).order).toEqual({
      reason: 'deploy',
      forMs: 5_400_000,
    });
    expect(read({ until: '2026-11-23T12:00', untilZone: 'Europe/Berlin' }).order).toEqual({
      until: Date.parse('2026-11-23T11:00:00Z'),
    });
    expect(read({ reason: '', for: '', until: '' })).toEqual({ order: {}, wrong: [] });
  });

  it.each([
    [{ for: 'soon' }, 'for'],
    [{ for: '0' }, 'for'],
    [{ for: '400', forUnit: 'd' }, 'for'],
    [{ for: '1', until: '2026-11-24T12:00' }, 'until'],
    [{ until: '2026-11-23T09:00', untilZone: 'UTC' }, 'until'],
    [{ until: '2028-11-23T09:00', untilZone: 'UTC' }, 'until'],
    [{ until: '2026-11-24T09:00', untilZone: 'Mars' }, 'until'],
    [{ reason: 'x'.repeat(501) }, 'reason'],
    [{ reason: 'a\u0007b' }, 'reason'],
  ])('%j is refused', (form, path) => {
    expect(read(form as Record<string, string>).wrong).toEqual([path]);
  });
});

describe('limits as they are typed', () => {
  const read = (form: Record<string, string>) => {
    const problems: FieldProblem[] = [];
    return { values: parseLimits(form, problems), wrong: problems.map(({ path }) => path) };
  };

  it('are seconds, counts per time, none, or as the type has it', () => {
    expect(
      read({ softTimeout: '1.5', hardTimeout: 'none', rateMax: '10', rateUnit: 's', concurrency: '' }).values,
    ).toEqual({
      softTimeoutMs: 1_500,
      hardTimeoutMs: null,
      rate: { max: 10, perMs: 1_000 },
    });
    expect(read({ rateMax: 'none', concurrency: 'None' }).values).toEqual({ rate: null, concurrency: null });
  });

  it('are refused each by its own field', () => {
    expect(read({ softTimeout: '0', hardTimeout: 'x', rateMax: '1.5', concurrency: '-1' }).wrong).toEqual([
      'softTimeout',
      'hardTimeout',
      'rateMax',
      'concurrency',
    ]);
  });

  it('read well', () => {
    expect([60_000, 1_000, 30_000, 1_500].map((perMs) => formatRateLimit({ max: 5, perMs }))).toEqual([
      '5 per minute',
      '5 per second',
      '5 per 30 s',
      '5 per 1,500 ms',
    ]);
  });
});
