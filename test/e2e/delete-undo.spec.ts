import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BulkView } from '../../src/bulk-actions/bulk-actions.openapi.js';
import { ApiClient } from '../support/api-client.js';
import { problemOf } from '../support/problem-of.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';
import { DEFAULT_QUEUE_ONLY } from '../support/worker-settings.js';

describe('deleting one task', () => {
  let roost: Roost;
  let api: ApiClient;

  beforeAll(async () => {
    roost = await Roost.start({ env: DEFAULT_QUEUE_ONLY });
    api = new ApiClient(roost.url);
  });

  afterAll(() => roost?.stop());

  async function settled(): Promise<string> {
    const { id } = await api.submit('divide', { x: 1, y: 4 });
    await api.inState(id, ['completed']);
    return id;
  }

  const status = async (id: string) => (await api.call('GET', `/api/v1/tasks/${id}`)).status;
  const bulkOf = (path: string) => api.get<BulkView>(path);

  it('is done at once where no time to undo it is asked for', async () => {
    const id = await settled();
    expect((await api.call('DELETE', `/api/v1/tasks/${id}`)).status).toBe(204);
    expect(await status(id)).toBe(410);
  });

  it('can be undone while its time lasts, and leaves the task as it was', async () => {
    const id = await settled();
    const before = await api.task(id);
    const answer = await api.call('DELETE', `/api/v1/tasks/${id}?undoMs=600000`);
    expect(answer.status).toBe(202);
    const bulk = (await answer.json()) as BulkView;
    expect(answer.headers.get('location')).toBe(bulk.links.self);
    expect(bulk).toMatchObject({ action: 'delete', state: 'pending', total: 1 });
    expect(Date.parse(bulk.startsAt) - Date.parse(bulk.createdAt)).toBe(600_000);
    expect(await api.task(id)).toEqual(before);
    const undone = (await (await api.call('POST', bulk.links.abort)).json()) as BulkView;
    expect(undone).toMatchObject({ state: 'undone', counts: { done: 0, untouched: 1 } });
    expect(await api.task(id)).toEqual(before);
  });

  it('is done when its time is over', async () => {
    const id = await settled();
    const answer = await api.call('DELETE', `/api/v1/tasks/${id}?undoMs=300`);
    const { links } = (await answer.json()) as BulkView;
    await until('it has ended', async () => (await bulkOf(links.self)).state === 'completed');
    expect((await bulkOf(links.self)).counts).toMatchObject({ done: 1 });
    expect(await status(id)).toBe(410);
    expect(await problemOf(await api.call('DELETE', `/api/v1/tasks/${id}?undoMs=300`), 410)).toMatchObject({
      code: 'TASK_GONE',
    });
  });

  it('is refused of one that runs, is unknown, or for a time that is none', async () => {
    const { id } = await api.submit('divide', { x: 1, y: 7, digits: 50, stepDelayMs: 200 });
    await api.inState(id, ['active']);
    const problem = await problemOf(await api.call('DELETE', `/api/v1/tasks/${id}?undoMs=10000`), 409);
    expect(problem).toMatchObject({ code: 'TASK_STATE_CONFLICT', state: 'active' });
    const page = await fetch(`${roost.url}/tasks/${id}/delete`, { method: 'POST', redirect: 'manual' });
    expect(page.headers.get('location')).toBe(`/tasks/${id}?flash=conflict`);
    await api.call('POST', `/api/v1/tasks/${id}/cancel`, { force: true });
    await problemOf(await api.call('DELETE', '/api/v1/tasks/nope?undoMs=10000'), 404);
    for (const undoMs of ['-1', '600001', 'soon'])
      await problemOf(await api.call('DELETE', `/api/v1/tasks/${id}?undoMs=${undoMs}`), 400);
  });

  it('from its page leads to where it can be undone', async () => {
    const id = await settled();
    const answer = await fetch(`${roost.url}/tasks/${id}/delete`, { method: 'POST', redirect: 'manual' });
    const page = answer.headers.get('location')!;
    expect(page).toMatch(/^\/tasks\/bulk\/b/);
    expect(await (await fetch(roost.url + page)).text()).toContain('Undo');
    const undone = await fetch(`${roost.url}${page}/abort`, { method: 'POST', redirect: 'manual' });
    expect(undone.headers.get('location')).toBe(`${page}?flash=bulk-undone`);
    expect(await status(id)).toBe(200);
  });
});
