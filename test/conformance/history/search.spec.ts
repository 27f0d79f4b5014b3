import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toTaskView } from '../../../src/history/to-task-view.js';
import { toJson } from '../../../src/model/lenient-json.js';
import { NO_REDACTION } from '../../../src/platform/redaction/redaction.js';
import { parseQuery } from '../../../src/history/query/parse-query.js';
import type { TaskRow } from '../../../src/history/ports/rows.js';
import { ADAPTERS } from './adapters.js';
import { HistoryFixture } from './history-fixture.js';
import { attempt, NOON, task } from '../../support/history-rows.js';

const HOUR = 3_600_000;

describe.each(ADAPTERS)('searching ($name)', (adapter) => {
  let history: HistoryFixture;

  beforeAll(async () => {
    history = await HistoryFixture.open(adapter);
    const rows: TaskRow[] = [
      task('t-divide', {
        state: 'completed',
        result: '{"quotient":2}',
        tags: ['Nightly', 'maths'],
        worker: 'node-1:44',
        runMs: 250,
      }),
      task('t-zero', {
        state: 'failed',
        createdAt: NOON - 2 * HOUR,
        input: '{"a":1,"b":0,"user":{"id":42,"name":"Ada Lovelace"}}',
        error: { name: 'RangeError', message: 'Cannot divide: division by zero' },
        attemptsMade: 3,
        attemptsMax: 3,
        worker: 'node-2:45',
        runMs: 1_000,
        waitMs: 6_000,
      }),
      task('t-text', {
        type: 'process-text',
        queue: 'texts',
        state: 'completed',
        createdAt: NOON - 3 * HOUR,
        input: '{"text":"Der schnelle Fuchs","tags":["rot","braun"],"user":{"id":"42"}}',
        result: '{"words":3,"done":true,"ratio":0.5}',
        finishedAt: Date.UTC(2026, 10, 21, 23, 59, 59, 999),
        runMs: 20,
        priority: 5,
        origin: 't-zero',
      }),
      task('t-wait', {
        type: 'process-text',
        queue: 'texts',
        createdAt: NOON - 10,
        input: '"only café words"',
      }),
      task('t-later', { state: 'delayed', delayUntil: NOON + HOUR, createdAt: NOON - 5, input: 'null' }),
    ];
    await history.record({
      tasks: rows,
      attempts: [
        attempt('t-zero', 1, {
          outcome: 'failed',
          error: { name: 'TimeoutError', message: 'took too long' },
        }),
      ],
      logs: [
        {
          queue: 'default',
          id: 't-zero',
          n: 0,
          at: NOON,
          level: 'warn',
          attempt: 1,
          text: 'Retrying after the fall',
        },
      ],
    });
  });

  afterAll(() => history.remove());

  it.each([
    ['', ['t-later', 't-wait', 't-divide', 't-zero', 't-text']],
    ['state:failed', ['t-zero']],
    ['-state:completed', ['t-later', 't-wait', 't-zero']],
    ['type:DIVIDE', ['t-later', 't-divide', 't-zero']],
    ['type:proc*', ['t-wait', 't-text']],
    ['type:"proc*"', []],
    ['queue:texts state:completed', ['t-text']],
    ['worker:node-*', ['t-divide', 't-zero']],
    ['worker:*', ['t-divide', 't-zero']],
    ['-worker:*', ['t-later', 't-wait', 't-text']],
    ['tag:nightly', ['t-divide']],
    ['tag:m*', ['t-divide']],
    ['id:t-zero', ['t-zero']],
    ['id:t-*', ['t-later', 't-wait', 't-divide', 't-zero', 't-text']],
    ['origin:t-zero', ['t-text']],
    ['input.user.id:42', ['t-zero', 't-text']],
    ['input.user.id:"42"', ['t-text']],
    ['input.USER.id:>41', ['t-zero']],
    ['input.user.name:"ada lovelace"', ['t-zero']],
    ['input.user.name:ada*', ['t-zero']],
    ['input.user.name:>a', ['t-zero']],
    ['input.user.name:<a', []],
    ['input.user:*', []],
    ['input.a:*', ['t-divide', 't-zero']],
    ['input.tags:braun', ['t-text']],
    ['-input.a:1', ['t-later', 't-wait', 't-divide', 't-text']],
    ['result.quotient:>1', ['t-divide']],
    ['result.quotient:2..3', ['t-divide']],
    ['result.ratio:0.5', ['t-text']],
    ['result.done:true', ['t-text']],
    ['result.nothing:1', []],
    ['error:"division by zero"', ['t-zero']],
    ['error:"zero division"', []],
    ['error:RangeError', ['t-zero']],
    ['error:"took too long"', ['t-zero']],
    ['log:retrying', ['t-zero']],
    ['log:division', []],
    ['input:fuchs', ['t-text']],
    ['result:fuchs', []],
    ['cafe', ['t-wait']],
    ['schnel*', ['t-text']],
    ['schnelle fuchs', ['t-text']],
    ['"fuchs schnelle"', []],
    ['fuchs OR retrying', ['t-zero', 't-text']],
    ['fuchs -schnelle', []],
    ['-fuchs', ['t-later', 't-wait', 't-divide', 't-zero']],
    ['-fuchs state:completed', ['t-divide']],
    ['maths', ['t-divide']],
    ['attempts:>1', ['t-zero']],
    ['priority:1..10', ['t-text']],
    ['priority:0', ['t-later', 't-wait', 't-divide', 't-zero']],
    ['wait:>5s', ['t-divide', 't-zero', 't-text']],
    ['wait:6s', ['t-zero']],
    ['run:<=250ms', ['t-divide', 't-text']],
    ['-run:>1ms', ['t-later', 't-wait']],
    ['created:<1h', ['t-later', 't-wait', 't-divide']],
    ['created:>1h', ['t-zero', 't-text']],
    ['created:1h..2h', ['t-zero']],
    ['created:2026-11-22', ['t-later', 't-wait', 't-divide', 't-zero', 't-text']],
    ['finished:2026-11-21', ['t-text']],
    ['finished:2026-11-22..', ['t-divide', 't-zero']],
    ['finished:..2026-11-21', ['t-text']],
    ['finished:<2026-11-22', ['t-text']],
    ['(state:failed OR queue:texts) -type:divide', ['t-wait', 't-text']],
    ['state:failed OR (type:process-text run:<1s)', ['t-zero', 't-text']],
    ['NOT (state:failed OR queue:texts)', ['t-later', 't-divide']],
    ['sort:created', ['t-text', 't-zero', 't-divide', 't-wait', 't-later']],
    ['sort:-run', ['t-zero', 't-divide', 't-text', 't-later', 't-wait']],
    ['sort:run', ['t-text', 't-divide', 't-zero', 't-later', 't-wait']],
    ['sort:type', ['t-later', 't-divide', 't-zero', 't-wait', 't-text']],
    ['sort:-state', ['t-zero', 't-divide', 't-text', 't-later', 't-wait']],
    ['sort:-attempts', ['t-zero', 't-later', 't-wait', 't-divide', 't-text']],
    ['sort:finished state:completed', ['t-text', 't-divide']],
  ])('%s', async (q, ids) => {
    const page = await history.page(q);
    expect(page.items.map(({ id }) => id)).toEqual(ids);
    expect(page).toMatchObject({ total: ids.length, totalIsExact: true });
    expect(await history.store.counts(parseQuery(q).filter, NOON)).toMatchObject({
      total: ids.length,
      isExact: true,
    });
    const walked = (await history.store.ids(parseQuery(q).filter, { limit: 100, now: NOON })).items.map(
      ({ id }) => id,
    );
    expect(walked.sort()).toEqual([...ids].sort());
  });

  it('serves each page as the JSON that its tasks have everywhere, with the places it includes', async () => {
    for (const q of ['', 'state:failed', 'id:nowhere', 'sort:-run']) {
      const search = { query: parseQuery(q), limit: 2, now: NOON };
      const { items, ...rest } = await history.store.search(search);
      const { bytes, etag, cursors } = await history.store.searchJson(search);
      const views = items.map((one) => toTaskView(one, NO_REDACTION, NOON));
      expect(Buffer.from(bytes).toString()).toBe(toJson({ items: views, ...rest }));
      expect(etag).toMatch(/^W\/"[0-9a-f]+-.{27}"$/);
      expect(cursors).toEqual(await history.store.cursors());
    }
  });

  it('finds ids of our own as words, though they are none', async () => {
    const own = await HistoryFixture.open(adapter);
    const [a, b] = ['t1m83qdjf6x6c81ws3mtxck2jz', 'k1m83qdjf6x6c81ws3mtxck2jz'];
    await own.record({
      tasks: [
        task(a!, { createdAt: NOON - 3 }),
        task(b!, { input: JSON.stringify({ see: a, t: 'tango' }), createdAt: NOON - 2 }),
        task('order-17', { createdAt: NOON - 1 }),
      ],
    });
    expect(await own.ids(a!)).toEqual([b, a]);
    expect(await own.ids(a!.toUpperCase())).toEqual([b, a]);
    expect(await own.ids(b!)).toEqual([b]);
    expect(await own.ids('t1m8*')).toEqual([b, a]);
    expect(await own.ids('k1m8*')).toEqual([b]);
    expect(await own.ids('t*')).toEqual([b, a]);
    expect(await own.ids('-t1m8*')).toEqual(['order-17']);
    expect(await own.ids('t1m8* tango')).toEqual([b]);
    expect(await own.ids('input:t1m8*')).toEqual([b]);
    expect(await own.ids('17')).toEqual(['order-17']);
    await own.remove();
  });

  it('finds errors by their codes while they are failed, and by words of their causes', async () => {
    const own = await HistoryFixture.open(adapter);
    const failed = { name: 'Error', message: 'not sent', codes: ['E_ROW', 'ECONNRESET'] };
    await own.record({
      tasks: [task('coded', { state: 'active' }), task('other', { state: 'failed', error: failed })],
    });
    await own.record({
      tasks: [task('coded', { state: 'failed', error: failed })],
      attempts: [
        attempt('coded', 1, {
          outcome: 'failed',
          error: {
            name: 'Error',
            message: 'not sent',
            cause: { name: 'RangeError', message: 'row 7', details: { table: 'orders' } },
          },
        }),
      ],
    });
    expect((await own.ids('error.code:e_row')).sort()).toEqual(['coded', 'other']);
    expect(await own.ids('error.code:econn* id:coded')).toEqual(['coded']);
    expect(await own.ids('error:"row 7" error:orders')).toEqual(['coded']);
    expect(await own.store.values('error.code', 'e', 10)).toEqual(['e_row', 'econnreset'].sort());
    expect((await own.store.get('coded'))!.error).toMatchObject({ cause: { message: 'row 7' } });
    await own.record({ tasks: [task('coded', { state: 'completed', tags: ['new'] })] });
    expect(await own.ids('error.code:e_row')).toEqual(['other']);
    await own.remove();
  });

  it('finds the tasks of an error group', async () => {
    const { items } = await history.store.errors({ limit: 10, now: NOON });
    expect(items).toMatchObject([{ name: 'TimeoutError', count: 1, type: 'divide' }]);
    expect(await history.ids(`group:${items[0]!.fingerprint}`)).toEqual(['t-zero']);
    expect(await history.ids(`group:${items[0]!.fingerprint.slice(0, 5)}*`)).toEqual(['t-zero']);
  });

  it('counts by state, type, queue and worker', async () => {
    expect(await history.store.counts(parseQuery('input.a:*').filter, NOON)).toEqual({
      total: 2,
      isExact: true,
      byState: { completed: 1, failed: 1 },
      byType: { divide: 2 },
      byQueue: { default: 2 },
      byWorker: { 'node-1:44': 1, 'node-2:45': 1 },
    });
  });

  it('counts exactly, by queue and state', async () => {
    expect(await history.store.count(parseQuery('input.a:*').filter, NOON)).toEqual({
      total: 2,
      byState: { completed: 1, failed: 1 },
      groups: expect.arrayContaining([
        { queue: 'default', state: 'completed', count: 1 },
        { queue: 'default', state: 'failed', count: 1 },
      ]),
    });
  });

  it('walks over all tasks of a query in pages, oldest first', async () => {
    const { filter } = parseQuery('-state:waiting');
    const walked: string[] = [];
    for (let after: number | undefined; ;) {
      const page = await history.store.tasks(filter, {
        limit: 3,
        now: NOON,
        ...(after === undefined ? {} : { after }),
      });
      walked.push(...page.items.map(({ id }) => id));
      after = page.next;
      if (after === undefined) break;
    }
    expect(walked).toEqual(['t-text', 't-zero', 't-divide', 't-later']);
  });

  it('lists the latest runs of a type', async () => {
    const runs = await history.store.similarRuns({ queue: 'default', type: 'divide', limit: 10 });
    expect(runs.map(({ id, state, runMs }) => [id, state, runMs])).toEqual(
      expect.arrayContaining([
        ['t-divide', 'completed', 250],
        ['t-zero', 'failed', 1_000],
      ]),
    );
    expect(await history.store.similarRuns({ queue: 'texts', type: 'divide', limit: 10 })).toEqual([]);
  });

  it('suggests what there is', async () => {
    expect(await history.store.values('state', 'c', 10)).toEqual(['completed', 'cancelled']);
    expect(await history.store.values('type', 'P', 10)).toEqual(['process-text']);
    expect(await history.store.values('queue', '', 10)).toEqual(['default', 'texts']);
    expect(await history.store.values('tag', '', 10)).toEqual(['maths', 'nightly']);
    expect(await history.store.values('input', 'user', 10)).toEqual(['input.user.id', 'input.user.name']);
    expect(await history.store.values('input.user.id', '', 10)).toEqual(['42', '42']);
    expect(await history.store.values('input.tags', 'b', 1)).toEqual(['braun']);
    expect(await history.store.values('constructor', '', 10)).toEqual([]);
  });

  it('refuses a cursor that is not of this list', async () => {
    for (const cursor of ['', 'x', 'bnVsbA', Buffer.from('["-created",{},1,1,1]').toString('base64url')]) {
      await expect(history.page('', 2, cursor)).rejects.toMatchObject({ code: 'QUERY_INVALID' });
    }
    const { nextCursor } = await history.page('', 2);
    await expect(history.page('sort:run', 2, nextCursor)).rejects.toThrow('another order');
  });
});
