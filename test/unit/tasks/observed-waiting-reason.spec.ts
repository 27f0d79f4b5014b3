import { describe, expect, it } from '@jest/globals';
import type { JobStanding, NamedChild } from '../../../src/bullmq/codec/job-standing.js';
import { splitJobKey } from '../../../src/bullmq/keys.js';
import { isAllowed, jobCommands } from '../../../src/tasks/job-commands.js';
import { toObservedWaitingReason, type ObservedFacts } from '../../../src/tasks/observed-waiting-reason.js';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const NO_CHILDREN = { pending: 0, done: 0, ignored: 0, fatal: 0, failed: 0, gone: 0 };
const QUEUE: JobStanding['queue'] = {
  isPaused: false,
  concurrency: undefined,
  rateLimit: undefined,
  limiter: undefined,
  active: 0,
  losesWhatWaits: false,
};

function standing({
  queue,
  ...more
}: Partial<Omit<JobStanding, 'queue'>> & { queue?: object } = {}): JobStanding {
  return {
    place: 'wait',
    ahead: 0,
    queue: { ...QUEUE, ...queue },
    parent: undefined,
    parentWaits: false,
    schedule: undefined,
    willFail: undefined,
    isLocked: false,
    children: NO_CHILDREN,
    named: [],
    ...more,
  };
}

function why(more: Partial<ObservedFacts> = {}, task: Partial<ObservedFacts['task']> = {}) {
  return toObservedWaitingReason(
    {
      now: NOW,
      task: {
        ...{ id: '7', type: 'letter', queue: 'bull:mail', state: 'waiting', createdAt: NOW - 5000 },
        attempts: { made: 0, max: 1 },
        ...task,
      },
      standing: standing(),
      workers: 1,
      toTask: ({ key, name }) => ({ id: key, type: name, href: `/${key}` }),
      promoteUrl: '/api/v1/tasks/7/promote?queue=bull%3Amail',
      ...more,
    },
    'It has ended.',
  );
}
const codes = (view: ReturnType<typeof why>) => view.blockers.map(({ code }) => code);

describe('why a task of another program does not run', () => {
  it('is not guessed where nothing is in the way', () => {
    const view = why();
    expect(view.summary).toBe(
      'It is next in the queue bull:mail, one worker is connected. Why it has not started is not known.',
    );
    expect(view.unknown).toEqual([expect.stringMatching(/how many tasks its workers run/i)]);
    expect(view.estimate?.startInMs).toBeNull();
  });

  it('shows which look was not allowed', () => {
    expect(why({ workers: undefined }).unknown[0]).toMatch(/CLIENT LIST/);
    expect(why({ workers: undefined }).summary).not.toMatch(/connected/);
  });

  it.each<[string, Partial<ObservedFacts>, Partial<ObservedFacts['task']>, string[]]>([
    ['the queue is paused', { standing: standing({ queue: { isPaused: true } }) }, {}, ['QUEUE_PAUSED']],
    ['nobody works on it', { workers: 0 }, {}, ['NO_WORKER']],
    ['others are before it', { standing: standing({ ahead: 3 }) }, {}, ['BEHIND']],
    ['very many are before it', { standing: standing({ ahead: undefined }) }, {}, ['BEHIND']],
    ['it is in no list', { standing: standing({ place: undefined }) }, {}, ['NOT_QUEUED']],
    [
      'its time has not come',
      { standing: standing({ place: 'delayed' }) },
      { state: 'delayed', delayUntil: NOW + 1000 },
      ['DELAYED'],
    ],
    [
      'the queue runs as many as it may',
      { standing: standing({ queue: { concurrency: 2, active: 2 } }) },
      {},
      ['CONCURRENCY_FULL'],
    ],
    [
      'the rate limit is used up',
      {
        standing: standing({
          queue: { rateLimit: { max: 5, perMs: 1000 }, limiter: { starts: 5, restMs: 400 } },
        }),
      },
      {},
      ['RATE_LIMITED'],
    ],
    [
      'its program holds the queue back',
      { standing: standing({ queue: { limiter: { starts: Number.MAX_SAFE_INTEGER, restMs: 400 } } }) },
      {},
      ['RATE_LIMITED'],
    ],
    [
      'some starts count towards a limit that nobody knows',
      { standing: standing({ queue: { limiter: { starts: 2, restMs: 400 } } }) },
      {},
      [],
    ],
  ])('where %s', (_what, facts, task, expected) => {
    expect(codes(why(facts, task))).toEqual(expected);
  });

  it('tells a parent by its children: failed, gone and still open', () => {
    const child = (kind: NamedChild['kind'], key: string, reason = ''): NamedChild => ({
      ...{ kind, key, reason },
      name: 'letter',
    });
    const view = why(
      {
        workers: 0,
        standing: standing({
          place: 'waiting-children',
          children: { ...NO_CHILDREN, pending: 4, failed: 1, gone: 1 },
          named: [
            child('failed', 'bull:mail:1', 'no such mailbox'),
            child('gone', 'bull:mail:2'),
            child('pending', 'bull:mail:3'),
          ],
        }),
      },
      { state: 'waiting-children' },
    );
    expect(codes(view)).toEqual(['CHILD_FAILED', 'CHILD_FAILED', 'CHILDREN']);
    expect(view.summary).toBe(
      'One of its children failed with "no such mailbox", and it waits until that child has completed.',
    );
    expect(view.blockers[0]!.tasks).toEqual([{ id: 'bull:mail:1', type: 'letter', href: '/bull:mail:1' }]);
    expect(view.blockers[2]!.message).toBe('It waits for 2 children that have not ended yet.');
  });

  it('shows what an ended one has done instead', () => {
    expect(why({}, { state: 'completed' })).toMatchObject({
      summary: 'It has ended.',
      blockers: [],
      estimate: null,
    });
  });
});

describe('what can be done to a job', () => {
  const offered = (...args: Parameters<typeof jobCommands>) =>
    Object.entries(jobCommands(...args)).flatMap(([act, verdict]) =>
      verdict === 'copy' ? `${act} a copy` : isAllowed(verdict) ? act : [],
    );

  it.each<
    [
      string,
      Parameters<typeof jobCommands>[0],
      Partial<Omit<JobStanding, 'queue'>> & { queue?: object },
      string[],
    ]
  >([
    ['waits', 'waiting', {}, ['cancel', 'remove']],
    ['is delayed', 'delayed', { place: 'delayed' }, ['promote', 'cancel', 'remove']],
    ['runs', 'active', { place: 'active', isLocked: true }, ['cancel']],
    ['failed', 'failed', { place: 'failed' }, ['retry', 'remove']],
    ['completed', 'completed', { place: 'completed' }, ['remove']],
    [
      'is the next run of a schedule',
      'delayed',
      { place: 'delayed', schedule: 'nightly' },
      ['promote a copy'],
    ],
    ['was a run of a schedule', 'failed', { place: 'failed', schedule: 'nightly' }, ['retry', 'remove']],
    ['waits for children', 'waiting-children', { place: 'waiting-children' }, []],
    ['failed, and its parent waits', 'failed', { parent: 'bull:a:1', parentWaits: true }, ['retry']],
    ['waits, and its parent too', 'waiting', { parent: 'bull:a:1', parentWaits: true }, []],
    ['failed in a queue an old BullMQ paused', 'failed', { queue: { losesWhatWaits: true } }, ['remove']],
    [
      'is delayed in such a queue',
      'delayed',
      { place: 'delayed', queue: { losesWhatWaits: true } },
      ['cancel', 'remove'],
    ],
  ])('that %s', (_what, state, more, acts) => {
    expect(offered(state, standing(more)).sort()).toEqual([...acts].sort());
  });

  it('that Redis has dropped: only out of the history', () => {
    expect(offered('failed', undefined)).toEqual(['remove']);
  });
});

describe('the key of a job', () => {
  it.each([
    ['bull:mail:7', 'bull:mail', '7'],
    ['shop:payments:mail:a/b', 'shop:payments:mail', 'a/b'],
    ['{bull}:mail:repeat:nightly:1796094000000', '{bull}:mail', 'repeat:nightly:1796094000000'],
  ])('%s', (key, queue, id) => {
    expect(splitJobKey(key)).toEqual({ queue, id });
  });
});
