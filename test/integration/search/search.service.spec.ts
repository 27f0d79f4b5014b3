import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TaskPage } from '../../../src/model/task-view.js';
import { NO_REDACTION } from '../../../src/platform/redaction/redaction.js';
import { SearchService, type ListRequest } from '../../../src/search/search.service.js';
import { Suggester } from '../../../src/search/suggester.js';
import { TaskExport } from '../../../src/search/task-export.js';
import { attempt, NOON, task } from '../../support/history-rows.js';
import { HistoryFixture } from './history-fixture.js';

describe('searching the history', () => {
  let history: HistoryFixture;
  let search: SearchService;

  beforeAll(() => {
    history = new HistoryFixture();
    search = new SearchService(history.store, history.history, history.freshness, NO_REDACTION);
    history.record({
      tasks: [
        task('a1', {
          state: 'failed',
          error: { name: 'E', message: 'division by zero' },
          tags: ['vip customers'],
        }),
        task('a2', { state: 'completed', result: '{"quotient":2}', worker: 'w1' }),
        task('7', { queue: 'bull:mail', type: 'mail', input: '{"to":"=cmd()","user":{"id":-5}}' }),
        task('big', {
          state: 'completed',
          input: JSON.stringify({ text: 'x'.repeat(20_000) }),
          result: '-5',
        }),
      ],
      attempts: [attempt('a1', 1, { outcome: 'failed', error: { name: 'E', message: 'division by zero' } })],
    });
  });

  afterAll(() => history.remove());

  const list = async (request: ListRequest) =>
    JSON.parse(Buffer.from((await search.list(request)).bytes).toString()) as TaskPage;

  it('gives tasks the shape they have everywhere, with links that name a queue of other programs', async () => {
    const { items, total, totalIsExact } = await list({ q: 'type:mail' });
    expect({ total, totalIsExact }).toEqual({ total: 1, totalIsExact: true });
    expect(items[0]).toMatchObject({
      id: '7',
      queue: 'bull:mail',
      input: { to: '=cmd()', user: { id: -5 } },
      error: null,
      attempts: { made: 0, max: 1 },
      createdAt: new Date(NOON - 60_000).toISOString(),
      links: { self: '/api/v1/tasks/7?queue=bull%3Amail', page: '/tasks/7?queue=bull%3Amail' },
    });
    const [big] = (await list({ q: 'id:big' })).items;
    expect(big).not.toHaveProperty('input');
    expect(big!.inputPreview).toMatch(/^\{"text":"x+…$/);
  });

  it('shows how far the list is behind, and only then', async () => {
    expect(await list({})).not.toHaveProperty('lagMs');
    history.isCurrent = false;
    history.status = { ...history.status, state: 'catching-up', lagMs: 4_000 };
    expect(await list({})).toMatchObject({ lagMs: 4_000 });
    history.isCurrent = true;
  });

  it('reads the page once where all events of before are in it, and again after the recorder has caught up', async () => {
    const reads = () => history.calls.searchJson ?? 0;
    const first = reads();
    history.newest = new Map([['default', history.place]]);
    await list({});
    expect(reads() - first).toBe(1);
    history.newest = new Map([['default', `${NOON + 1}-0`]]);
    expect(await list({})).not.toHaveProperty('lagMs');
    expect(reads() - first).toBe(3);
    history.isCurrent = false;
    expect(await list({})).toHaveProperty('lagMs');
    expect(reads() - first).toBe(4);
    history.isCurrent = true;
    history.newest = undefined;
  });

  it('does not count the same anew for every page that asks', async () => {
    const before = history.calls.counts ?? 0;
    await Promise.all([search.counts({ q: 'state:failed' }), search.counts({ state: 'failed' })]);
    expect(await search.counts({ q: 'state:failed' })).toMatchObject({ total: 1, byState: { failed: 1 } });
    expect(history.calls.counts! - before).toBe(1);
  });

  it('walks over everything once, a piece at a time', async () => {
    const ids: string[] = [];
    for await (const { id } of search.walk(null, { piece: 2 })) ids.push(id);
    expect(ids.sort()).toEqual(['7', 'a1', 'a2', 'big']);
  });

  describe('suggestions', () => {
    const suggest = async (marked: string) => {
      const { items } = await new Suggester(history.store, NO_REDACTION).suggest(
        marked.replace('|', ''),
        marked.indexOf('|'),
      );
      return items.map(({ text }) => text);
    };

    it.each([
      ['st|', ['state:']],
      ['fail|', ['state:failed']],
      ['divide ty|', ['type:']],
      ['type:|', ['type:divide', 'type:mail']],
      ['-type:M|', ['type:mail']],
      ['queue:b|', ['queue:"bull:mail"']],
      ['tag:v|', ['tag:"vip customers"']],
      ['tag:"vip c|', ['tag:"vip customers"']],
      ['input.u|', ['input.user.id:']],
      ['input.user.id:|', ['input.user.id:-5']],
      ['created:<|', ['created:<1h', 'created:<24h', 'created:<7d']],
      ['state:failed|', []],
      ['"some text|', []],
      ['input.user.id:>|', []],
    ])('for %s', async (marked, expected) => {
      expect(await suggest(marked)).toEqual(expected);
    });

    it('lists the fields where nothing is typed yet', async () => {
      expect(await suggest('|')).toContain('state:');
    });
  });

  describe('export', () => {
    const file = async (format: 'csv' | 'ndjson', q = '') => {
      let text = '';
      for await (const chunk of new TaskExport(history.store, NO_REDACTION).write(
        search.parse({ q }).filter,
        format,
      ))
        text += chunk;
      return text;
    };

    it('has whole bodies and a column for everything', async () => {
      const lines = (await file('ndjson')).trimEnd().split('\n');
      const tasks = lines.map((line) => JSON.parse(line) as { id: string; input: { text?: string } });
      expect(tasks.map(({ id }) => id).sort()).toEqual(['7', 'a1', 'a2', 'big']);
      expect(tasks.find(({ id }) => id === 'big')!.input.text).toHaveLength(20_000);

      const csv = await file('csv', 'type:mail');
      expect(csv.split('\r\n')).toEqual([
        'id,type,queue,state,created,started,finished,wait_ms,run_ms,attempts,attempts_max,priority,tags,worker,origin,error_name,error_message,input,result',
        '7,mail,bull:mail,waiting,2026-11-22T11:59:00.000Z,,,,,0,1,0,,,,,,"{""to"":""=cmd()"",""user"":{""id"":-5}}",',
        '',
      ]);
      expect(await file('csv', 'id:big')).toMatch(/,-5\r\n$/);
    });

    it('leaves out what is submitted while it runs', async () => {
      history.record({ tasks: [task('later', { createdAt: Date.now() + 3_600_000 })] });
      expect(await file('ndjson')).not.toContain('"later"');
      history.record({ removed: [{ queue: 'default', id: 'later' }] });
    });
  });
});
