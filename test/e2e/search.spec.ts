import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import type { TaskPage, TaskView } from '../../src/model/task-view.js';
import { ApiClient } from '../support/api-client.js';
import { expectGoodProblem } from '../support/expect-problem.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const LATER = { delayMs: 3_600_000 };

describe('finding tasks', () => {
  let roost: Roost;
  let api: ApiClient;
  /** By what they are called here. */
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    roost = await Roost.start();
    api = new ApiClient(roost.url);
    const submit = async (name: string, ...task: Parameters<ApiClient['submit']>) => {
      ids[name] = (await api.submit(...task)).id;
    };
    await submit('quarter', 'divide', { x: 1, y: 4 }, { tags: ['nightly', 'vip customers'], priority: 3 });
    await submit('zero', 'divide', { x: 1, y: 0 });
    await submit(
      'ada',
      'process-text',
      { text: 'Ada writes notes', operation: 'upper' },
      { tags: ['nightly'] },
    );
    await submit('primes', 'count-primes', { upTo: 100 });
    for (const id of Object.values(ids)) await api.inState(id, ['completed', 'failed']);
    await submit('later', 'divide', { x: 8, y: 2 }, LATER);
    await submit('never', 'divide', { x: 9, y: 3 }, LATER);
    await api.call('POST', `/api/v1/tasks/${ids.never}/cancel`, { reason: 'not wanted' });
    const foreign = new Queue('mail', { connection: { url: roost.redis.url } });
    await foreign.add('send', { to: 'ada@example.org', user: { id: 42 } }, { jobId: 'letter-1' });
    await foreign.close();
    ids.letter = 'letter-1';
    await until('the letter is known', async () => (await find('queue:bull:*')).length === 1);
  });

  afterAll(() => roost?.stop());

  const search = (query: Record<string, string>) =>
    api.get<TaskPage>(`/api/v1/tasks?${new URLSearchParams(query)}`);

  async function find(q: string): Promise<string[]> {
    const names = Object.fromEntries(Object.entries(ids).map(([name, id]) => [id, name]));
    return (await search({ q })).items.map(({ id }) => names[id]!).sort();
  }

  it.each([
    ['state:failed', ['zero']],
    ['type:divide', ['later', 'never', 'quarter', 'zero']],
    ['type:count*', ['primes']],
    ['queue:cpu', ['primes']],
    ['queue:"bull:mail"', ['letter']],
    ['worker:* type:divide', ['quarter', 'zero']],
    ['tag:nightly', ['ada', 'quarter']],
    ['tag:"vip customers"', ['quarter']],
    ['input.y:0', ['zero']],
    ['input.x:>7', ['later', 'never']],
    ['input.x:8..9', ['later', 'never']],
    ['input.user.id:42', ['letter']],
    ['input.operation:upper', ['ada']],
    ['result.quotient:<1', ['quarter']],
    ['error:"division by zero"', ['zero']],
    ['error:"zero by division"', []],
    ['input:ada', ['ada', 'letter']],
    ['notes', ['ada']],
    ['"ada writes"', ['ada']],
    ['writ*', ['ada']],
    ['attempts:>0 type:divide', ['quarter', 'zero']],
    ['priority:>0', ['quarter']],
    ['run:>=0ms', ['ada', 'primes', 'quarter', 'zero']],
    ['wait:<1h type:process-text', ['ada']],
    ['created:<1h', ['ada', 'later', 'letter', 'never', 'primes', 'quarter', 'zero']],
    ['created:>1h', []],
    ['finished:<1h type:divide', ['never', 'quarter', 'zero']],
    ['-state:completed -state:failed', ['later', 'letter', 'never']],
    ['NOT (type:divide OR queue:"bull:mail")', ['ada', 'primes']],
    ['state:cancelled OR state:delayed', ['later', 'never']],
    ['tag:nightly (input.x:1 OR notes) -type:divide', ['ada']],
  ])('by %s', async (q, expected) => {
    expect(await find(q)).toEqual(expected);
  });

  it('by parameters, alone and beside a query', async () => {
    const total = async (query: Record<string, string>) => (await search(query)).total;
    expect(await total({ state: 'delayed,cancelled' })).toBe(2);
    expect(await total({ q: 'input.x:>0', type: 'divide', state: 'failed' })).toBe(1);
    expect(await total({ queue: 'nowhere' })).toBe(0);
    expect(await total({ tag: 'nightly', from: '1h', to: '2099' })).toBe(2);
    const { items } = await search({ type: 'divide', sort: 'created' });
    expect(items.map(({ id }) => id)).toEqual([ids.quarter, ids.zero, ids.later, ids.never]);
  });

  it('shows at which column a query goes wrong, and what would be right', async () => {
    const answer = await api.call(
      'GET',
      `/api/v1/tasks?q=${encodeURIComponent('type:divide (state:faild')}&limit=0`,
    );
    expect(answer.status).toBe(400);
    const limit = (await answer.json()) as Record<string, unknown>;
    expect(limit).toMatchObject({ code: 'QUERY_INVALID', fields: [{ path: 'limit' }] });
    const wrong = await api.call('GET', `/api/v1/tasks?q=${encodeURIComponent('type:divide (state:faild')}`);
    const problem = (await wrong.json()) as Record<string, unknown>;
    expectGoodProblem({ status: wrong.status, headers: wrong.headers, body: problem, ms: 0 });
    expect(problem).toMatchObject({
      code: 'QUERY_INVALID',
      column: 14,
      fields: [{ path: 'q', message: 'Column 14: There is no state "faild". Did you mean failed?' }],
    });
  });

  it('reads what was written before', async () => {
    for (let n = 0; n < 10; n++) {
      const { id } = await api.submit('divide', { x: n, y: 1 }, { ...LATER, tags: ['fresh'] });
      const { items } = await search({ q: 'tag:fresh', limit: '1' });
      expect(items[0]!.id).toBe(id);
      await api.call('POST', `/api/v1/tasks/${id}/cancel`);
      expect((await search({ q: `id:${id}` })).items[0]!.state).toBe('cancelled');
    }
  });

  it('goes through all pages with no task twice and none left out, while others arrive', async () => {
    const tagged = (tag: string) => ({
      type: 'divide',
      input: { x: 1, y: 1 },
      options: { ...LATER, tags: [tag] },
    });
    const hand = async (tag: string, n: number) => {
      const answer = await api.call('POST', '/api/v1/tasks/bulk', Array<object>(n).fill(tagged(tag)));
      expect(answer.ok).toBe(true);
    };
    await hand('paged', 90);
    for (const sort of ['-created', 'created', '-attempts', 'type', 'state', '-run']) {
      const all = new Set((await search({ q: 'tag:paged', limit: '200' })).items.map(({ id }) => id));
      const seen: string[] = [];
      for (let cursor: string | undefined = ''; cursor !== undefined;) {
        const page = await search({ q: 'tag:paged', sort, limit: '20', ...(cursor ? { cursor } : {}) });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
        await hand('paged', 2);
      }
      expect([sort, new Set(seen).size]).toEqual([sort, seen.length]);
      expect([sort, [...all].filter((id) => !seen.includes(id))]).toEqual([sort, []]);
    }
  });

  it('gives tasks of other programs links that find them again', async () => {
    const [letter] = (await search({ q: 'id:letter-1' })).items;
    expect(letter).toMatchObject({
      type: 'send',
      queue: 'bull:mail',
      state: 'waiting',
      input: { user: { id: 42 } },
    });
    expect(await api.get<TaskView>(letter!.links.self)).toMatchObject({ id: 'letter-1', queue: 'bull:mail' });
  });

  it('suggests what there is', async () => {
    const suggest = async (q: string) => {
      const answer = await api.get<{ items: { text: string }[] }>(
        `/api/v1/tasks/suggest?${new URLSearchParams({ q })}`,
      );
      return answer.items.map(({ text }) => text);
    };
    expect(await suggest('-type:p')).toEqual(['type:process-text']);
    expect(await suggest('input.op')).toEqual(['input.operation:']);
    expect(await suggest('input.operation:')).toEqual(['input.operation:upper']);
  });

  it('keeps searches with a name', async () => {
    const saved = await api.call('POST', '/api/v1/searches', { name: 'Zero', q: 'error:zero' });
    expect(saved.status).toBe(201);
    const { id, links } = (await saved.json()) as { id: string; links: { tasks: string; self: string } };
    expect((await api.get<TaskPage>(links.tasks)).total).toBe(1);
    const { items } = await api.get<{ items: { id: string }[] }>('/api/v1/searches');
    expect(items).toMatchObject([{ id, name: 'Zero', q: 'error:zero' }]);
    expect((await api.call('DELETE', links.self)).status).toBe(204);
    expect((await api.call('DELETE', links.self)).status).toBe(404);
  });

  it('answers from the history while Redis is away', async () => {
    await roost.redis.stop();
    try {
      const page = await search({ q: 'state:failed' });
      expect(page.items.map(({ id }) => id)).toEqual([ids.zero]);
      expect(page).toHaveProperty('lagMs');
    } finally {
      await roost.redis.startAgain();
    }
  });
});
