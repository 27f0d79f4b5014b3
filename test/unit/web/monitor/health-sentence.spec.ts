import { describe, expect, it } from '@jest/globals';
import { NO_NUMBERS } from '../../../../src/monitoring/stats/stats-view.js';
import type { Blocker } from '../../../../src/tasks/task-queries.openapi.js';
import { type HealthFacts, toFindings } from '../../../../src/web/monitor/findings.js';
import { toHealthSentence } from '../../../../src/web/monitor/health-sentence.js';
import { sampleGroup } from '../fake-numbers.js';
import { ago, NOW } from '../page-models/samples.js';
import { minutes, present, sampleFacts, sampleOutlook, worker } from './health-samples.js';

const sentence = (parts: Partial<HealthFacts> = {}) => {
  const facts = sampleFacts(parts);
  return toHealthSentence(facts, toFindings(facts));
};
const blocked = (blocker: Blocker, slots = { used: 20, total: 20 }) => [
  sampleOutlook({ blockers: [blocker], slots }),
];
const late = (waiting = 10) => present({ waiting, active: 20 }, { oldestWaitingMs: 40_000 });
const bars = (of: (minute: number) => [number, number]) => ({
  ...sampleFacts().numbers,
  bars: minutes(60, of),
});

describe('the first sentence, in staged situations', () => {
  it('all is fine', () => {
    expect(sentence()).toEqual({
      tone: 'fine',
      icon: 'circle-check',
      text: 'All fine: 152 tasks a minute, nothing waits, 2 of 2 workers.',
      more: 0,
    });
  });

  it('a short wait is no trouble', () => {
    const full = {
      code: 'CONCURRENCY_FULL',
      message: 'All 20 slots are in use.',
      href: '/monitor/workers',
    } as const;
    const outlooks = blocked(full);
    const short = present({ waiting: 3, active: 20 }, { oldestWaitingMs: 900 });
    expect(sentence({ present: short, outlooks }).text).toBe(
      'All fine: 152 tasks a minute, 3 tasks wait, 2 of 2 workers.',
    );
  });

  it('nothing at all has run', () => {
    const numbers = { ...sampleFacts().numbers, recordedFrom: null, lastMinute: undefined };
    expect(sentence({ present: present({ completed: 0 }), numbers })).toMatchObject({
      tone: 'fine',
      text: 'Nothing has run yet; 2 of 2 workers.',
      act: { label: 'New task', href: '/submit' },
    });
  });

  it('a queue is paused', () => {
    const outlooks = blocked({
      code: 'QUEUE_PAUSED',
      message: 'The queue cpu is paused by ada: deploy.',
      since: ago(60_000),
      href: '/monitor/queues/cpu',
    });
    expect(sentence({ present: late(), outlooks })).toMatchObject({
      tone: 'warning',
      text: 'The queue cpu is paused by ada: deploy; 10 tasks wait.',
      since: ago(60_000),
      act: { label: 'Resume', href: '/monitor/queues/cpu', command: 'resume' },
    });
  });

  it('no worker runs', () => {
    const outlooks = blocked({ code: 'NO_WORKER', message: 'No worker serves the queue cpu.' });
    const facts = { present: { ...late(), workers: [] }, outlooks };
    expect(sentence(facts)).toMatchObject({ tone: 'danger', text: 'No worker is running: 10 tasks wait.' });
    const two = [...outlooks, sampleOutlook({ queue: 'default' })];
    const both = present({ waiting: 10 });
    both.queues.push({ ...both.queues[0]!, name: 'default' });
    expect(sentence({ present: both, outlooks: two }).text).toBe('No worker serves cpu: 10 tasks wait.');
  });

  it('a worker was lost, and another of its name makes up for it', () => {
    const lost = worker('b', {
      status: 'offline',
      left: 'lost: it stopped without a report',
      lastSeenAt: ago(40_000),
    });
    const workers = [worker('a'), lost];
    expect(sentence({ present: present({}, { workers }) })).toMatchObject({
      tone: 'warning',
      text: 'Worker b was lost: it stopped without a report. 1 worker is online.',
      since: ago(40_000),
      act: { href: '/monitor/workers/id-b' },
    });
    const again = [...workers, worker('b', { id: 'new' })];
    expect(sentence({ present: present({}, { workers: again }) }).text).toContain('2 of 2 workers');
    const stopped = [worker('a'), worker('b', { status: 'offline', left: 'stopped' })];
    expect(sentence({ present: present({}, { workers: stopped }) }).text).toContain('1 of 1 worker.');
  });

  it('Redis is frozen: nothing is claimed of tasks and workers', () => {
    const problem = {
      what: 'Redis does not answer',
      so: 'no task can run',
      since: NOW - 9_000,
      canRead: false,
    };
    for (const facts of [
      { problem, present: undefined, outlooks: [] },
      { problem, present: late() },
    ]) {
      const { tone, text, since } = sentence(facts);
      expect([tone, since]).toEqual(['danger', new Date(NOW - 9_000).toISOString()]);
      expect(text).toMatch(/^Redis does not answer: whether tasks run is not known/);
    }
    expect(sentence({ present: undefined, outlooks: [] }).text).toMatch(/^Redis does not answer/);
  });

  it('Redis refuses writes', () => {
    const problem = { what: 'Redis is full', so: 'no task can start', since: 0, canRead: true };
    expect(sentence({ problem }).text).toBe('Redis is full, so no task can start.');
  });

  it('a deploy makes tasks fail', () => {
    const versions = [{ version: '1.6.0', firstSeenAt: NOW - 8 * 60_000 }];
    const poisoned = bars((minute) => (minute < 52 ? [98, 2] : [38, 62]));
    expect(sentence({ numbers: { ...poisoned, versions } })).toMatchObject({
      tone: 'danger',
      text: '62 % of tasks fail since version 1.6.0 came, 2 % before.',
      act: { href: '/monitor/errors' },
    });
    expect(sentence({ numbers: bars((minute) => (minute < 55 ? [98, 2] : [50, 50])) }).text).toBe(
      '50 % of tasks failed in the last 5 min, 2 % before.',
    );
    // As many failed before: the version is not to blame. Few tasks prove nothing.
    const always = bars(() => [50, 50]);
    const few = bars((minute) => (minute < 59 ? [98, 2] : [0, 3]));
    for (const numbers of [always, few])
      expect(sentence({ numbers: { ...numbers, versions } }).text).not.toContain('version');
  });

  it('a rate limit holds a queue back, or a type', () => {
    const outlooks = blocked({
      code: 'RATE_LIMITED',
      message: 'The queue cpu starts at most 5 tasks per 10 s, and this limit is used up.',
    });
    expect(sentence({ present: late(), outlooks })).toMatchObject({
      tone: 'warning',
      text: 'The queue cpu starts at most 5 tasks per 10 s, and this limit is used up: 10 tasks wait, clears in about 1 m 16 s.',
      act: { label: 'Change the limit', href: '/monitor/queues/cpu' },
    });
    expect(sentence({ held: [{ type: 'divide', held: 12 }] }).text).toBe(
      'The limit of divide holds 12 tasks back.',
    );
  });

  it('a queue falls behind, or has a backlog that shrinks, or whose end is not known', () => {
    const full = {
      code: 'CONCURRENCY_FULL',
      message: 'All 20 slots are in use.',
      href: '/monitor/workers',
    } as const;
    const [outlook] = blocked(full);
    const text = (parts: object) => sentence({ present: late(), outlooks: [{ ...outlook!, ...parts }] }).text;
    expect(text({ isGrowing: true })).toBe(
      'cpu is falling behind: 10 tasks wait, 20 of 20 slots busy, clears in about 1 m 16 s.',
    );
    expect(text({ isGrowing: false })).toMatch(/^cpu is behind: /);
    expect(text({ clears: { startInMs: null, startAt: null, basis: 'none' } })).toContain(
      'when it clears is not known',
    );
    const limit = { ...full, href: '/monitor/queues/cpu' };
    expect(text({ blockers: [limit], slots: { used: 4, total: 20 } })).toContain(
      'its limit lets 4 run at once',
    );
  });

  it('tasks wait though nothing blocks their queue', () => {
    const stuck = present({ waiting: 2 }, { oldestWaitingMs: 90_000 });
    expect(sentence({ present: stuck }).text).toBe(
      '2 tasks wait on cpu, the longest for 1 m 30 s, and nothing blocks the queue.',
    );
  });

  it('workers are paused, or cannot be seen', () => {
    const paused = {
      code: 'WORKERS_PAUSED',
      message: 'All workers that serve the queue cpu are paused.',
    } as const;
    expect(sentence({ present: late(), outlooks: blocked(paused) }).text).toBe(
      'All workers that serve the queue cpu are paused; 10 tasks wait.',
    );
    const unknown = {
      code: 'WORKERS_UNKNOWN',
      message: 'Whether a worker serves the queue cpu is not known.',
    } as const;
    const facts = { present: late(), outlooks: blocked(unknown), workersUnknown: true };
    expect(sentence(facts).text).toBe('Whether a worker serves the queue cpu is not known; 10 tasks wait.');
  });

  it('Redis tells the counts, and not what blocks the queues', () => {
    expect(sentence({ present: present({ waiting: 2 }), outlooks: [], queuesUnknown: true })).toMatchObject({
      tone: 'warning',
      text: 'Whether something blocks the queues is not known; 2 tasks wait.',
    });
  });

  it('the history is not recorded', () => {
    const behind = { state: 'stopped', lagMs: null, error: 'The disk is full.' } as const;
    expect(sentence({ behind }).text).toBe(
      'Nothing is being recorded: The disk is full. The numbers end there.',
    );
  });

  it('several troubles: the worst first, with the number of others', () => {
    const outlooks = blocked({ code: 'NO_WORKER', message: 'No worker serves the queue cpu.' });
    const behind = { state: 'catching-up', lagMs: 65_000 } as const;
    expect(sentence({ behind, outlooks, held: [{ type: 'divide', held: 1 }] })).toMatchObject({
      tone: 'danger',
      text: 'No worker is running: nothing waits.',
      more: 2,
    });
  });

  it('no minute was recorded, or none had a task', () => {
    const of = (lastMinute: HealthFacts['numbers']['lastMinute']) =>
      sentence({ numbers: { ...sampleFacts().numbers, lastMinute } }).text;
    expect(of(undefined)).toBe('All fine: nothing waits, 2 of 2 workers.');
    expect(of({ at: NOW, numbers: NO_NUMBERS })).toContain(
      'no task finished in the last minute, nothing waits',
    );
  });
});

describe('what else needs attention', () => {
  it('are errors that are new, back or rising, without making the sentence a warning', () => {
    const hour = 3_600_000;
    const old = { state: 'open', firstSeenAt: NOW - 90 * hour, regressedAt: null } as const;
    const trend = (last: number) => [...Array<number>(23).fill(1), last];
    const failing = [
      sampleGroup('a', { ...old, fingerprint: 'f1', firstSeenAt: NOW - 60_000 }),
      sampleGroup('b', { ...old, fingerprint: 'f2', state: 'regressed', regressedAt: NOW - 1_000 }),
      sampleGroup('c', { ...old, fingerprint: 'f3', trend: trend(40) }),
      sampleGroup('d', { ...old, fingerprint: 'f4', trend: trend(2) }),
    ];
    const facts = sampleFacts({ numbers: { ...sampleFacts().numbers, failing } });
    const findings = toFindings(facts);
    expect(findings.map(({ id, text }) => [id, /is \w+/.exec(text)![0]])).toEqual([
      ['error-f1', 'is new'],
      ['error-f2', 'is back'],
      ['error-f3', 'is rising'],
    ]);
    expect(findings[0]!.act.href).toBe('/monitor/errors/f1');
    expect(toHealthSentence(facts, findings).tone).toBe('fine');
  });
});
