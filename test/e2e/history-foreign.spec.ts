import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { parseQuery } from '../../src/history/query/parse-query.js';
import type { StoreEngine } from '../../src/history/sqlite/store-engine.js';
import { ApiClient } from '../support/api-client.js';
import type { HistoryReport } from '../../src/monitoring/monitoring.openapi.js';
import { projectRoot, TestProcess } from '../support/processes.js';
import { openHistory } from '../support/recorded.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const SCRIPT = join(projectRoot, 'test/support/fixtures/plain-bullmq/plain-bullmq.mjs');

/** Runs the program to its end; answers the ids of its jobs. */
async function runPlain(url: string, queue: string, n: number, keep: 'keep' | 'remove') {
  const program = new TestProcess(queue, process.execPath, [SCRIPT, url, queue, String(n), keep], {
    cwd: projectRoot,
  });
  const [, json] = await program.waitForOutput(/^done (.+)$/m);
  await program.ended;
  return JSON.parse(json!) as { flaky: string; hopeless: string; plain: string[] };
}

describe('a program that uses BullMQ on the same Redis', () => {
  let roost: Roost;
  let engine: StoreEngine;

  beforeAll(async () => {
    roost = await Roost.start({ worker: false });
    engine = openHistory(roost.env.HISTORY_URL!.slice('file:'.length));
  });

  afterAll(async () => {
    engine?.close();
    await roost?.stop();
  });

  it('is found, and its jobs listed, counted and searched, with attempts, errors and log lines', async () => {
    const { flaky, hopeless, plain } = await runPlain(roost.redis.url, 'mail', 8, 'keep');
    await until('all its jobs are recorded', () => {
      const { byState, byQueue } = engine.counts(null, Date.now());
      return byQueue['bull:mail'] === 10 && byState.completed === 9 && byState.failed === 1;
    });
    expect(engine.counts(null, Date.now()).byType).toEqual({ flaky: 1, hopeless: 1, double: 8 });

    const find = (text: string) =>
      engine.search({ query: parseQuery(text), limit: 10, now: Date.now() }).items.map(({ id }) => id);
    expect(find('input.to:"ada@example.org"')).toEqual([flaky]);
    expect(find('result.twice:14')).toEqual([plain[7]]);
    expect(find('error:"no such mailbox" state:failed')).toEqual([hopeless]);
    expect(find('queue:bull:mail type:flaky')).toEqual([flaky]);

    expect(engine.get(flaky, 'bull:mail')).toMatchObject({
      state: 'completed',
      attemptsMade: 3,
      attemptsMax: 3,
      worker: 'mail-worker',
      result: '{"sent":"ada@example.org"}',
    });
    expect(engine.attempts(flaky, 'bull:mail')).toMatchObject([
      { number: 1, outcome: 'failed', error: { name: 'TypeError', message: 'mail server said 450' } },
      { number: 2, outcome: 'failed', error: { name: 'TypeError', message: 'mail server said 451' } },
      { number: 3, outcome: 'completed', worker: 'mail-worker', error: null },
    ]);
    expect(engine.attempts(hopeless, 'bull:mail')).toMatchObject([
      { number: 1, outcome: 'failed', error: { message: 'no such mailbox' } },
      { number: 2, outcome: 'failed', error: { message: 'no such mailbox' } },
    ]);
    expect(engine.logs(flaky, { queue: 'bull:mail', limit: 10 }).items.map(({ text }) => text)).toEqual([
      'try 1 of ada@example.org',
      'try 2 of ada@example.org',
      'try 3 of ada@example.org',
    ]);
    expect(engine.transitions(flaky, 'bull:mail').map(({ state }) => state)).toEqual([
      ...['waiting', 'active', 'delayed', 'waiting', 'active', 'delayed', 'waiting', 'active', 'completed'],
    ]);
    expect(engine.progress(flaky, 'bull:mail')).toMatchObject([{ done: 1, total: 2 }]);

    const api = new ApiClient(roost.url);
    const queue = await until('the report has its queue', async () =>
      (await api.get<HistoryReport>('/api/v1/history')).recorder.queues.find(
        ({ name }) => name === 'bull:mail',
      ),
    );
    expect(queue).toMatchObject({ ours: false, lagMs: 0 });
  });

  it('that removes its jobs as they complete is told of by their events, and what is lost is said', async () => {
    const { plain } = await runPlain(roost.redis.url, 'swift', 4, 'remove');
    await until('all its jobs are recorded', () => {
      const { byState } = engine.counts(parseQuery('queue:bull:swift').filter, Date.now());
      return byState.completed === 5 && byState.failed === 1;
    });
    for (const id of plain) {
      expect(engine.get(id, 'bull:swift')).toMatchObject({ type: 'double', state: 'completed' });
      expect(engine.attempts(id, 'bull:swift')).toMatchObject([{ number: 1, outcome: 'completed' }]);
    }
    expect(engine.get(plain[2]!, 'bull:swift')?.result).toBe('{"twice":4}');
  });
});
