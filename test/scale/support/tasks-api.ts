import type { ApiClient } from '../../support/api-client.js';

/** Tasks in one bulk request. */
const BULK = 1_000;

/** Hands in so many, in requests of a thousand. */
export async function submitBulk(api: ApiClient, count: number, task: (n: number) => object): Promise<void> {
  for (let from = 0; from < count; from += BULK) {
    const tasks = Array.from({ length: Math.min(BULK, count - from) }, (_, i) => task(from + i));
    const answer = await api.call('POST', '/api/v1/tasks/bulk', tasks);
    const { accepted } = (await answer.json()) as { accepted: number };
    if (accepted !== tasks.length) throw new Error(`${accepted} of ${tasks.length} accepted`);
  }
}
