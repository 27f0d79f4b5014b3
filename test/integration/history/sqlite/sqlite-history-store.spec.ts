import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseQuery } from '../../../../src/history/query/parse-query.js';
import { HistoryFileError } from '../../../../src/history/ports/history-errors.js';
import { SqliteHistoryStore } from '../../../../src/history/sqlite/sqlite-history-store.js';
import { compileStore } from './compiled-store.js';
import { emptyBatch, NOON, task } from '../../../support/history-rows.js';

describe('the store on its threads', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'roost-store-')));
  let thread: URL;

  beforeAll(() => {
    thread = compileStore(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('writes on one thread and reads on another what is written', async () => {
    const file = join(folder, 'a.db');
    const store = new SqliteHistoryStore({ file, thread, readers: 2 });
    await store.migrate();
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        store.record({
          ...emptyBatch(),
          cursors: { default: `${i}-0` },
          tasks: [task(`t${i}`, { state: 'completed' })],
        }),
      ),
    );
    expect(outcomes.every(({ added }) => added === 1)).toBe(true);
    expect(await store.cursors()).toEqual({ default: '19-0' });
    const query = parseQuery('state:completed sort:created');
    const page = await store.search({ query, limit: 5, now: NOON });
    expect(page).toMatchObject({ total: 20, totalIsExact: true });
    const second = await store.search({ query, limit: 500, now: NOON, cursor: page.nextCursor! });
    expect(second.items).toHaveLength(15);
    expect(await store.get('t3')).toMatchObject({ id: 't3', queue: 'default' });

    expect(await store.count(parseQuery('-id:t3').filter, NOON)).toEqual({
      total: 19,
      byState: { completed: 19 },
      groups: [{ queue: 'default', state: 'completed', count: 19 }],
    });

    const forgetting = store.forget({ before: {}, max: { completed: 2 }, chunk: 3, now: NOON });
    const recorded = store.record({ ...emptyBatch(), tasks: [task('between')] });
    expect(await Promise.race([forgetting.then(() => 'forgotten'), recorded.then(() => 'recorded')])).toBe(
      'recorded',
    );
    expect(await forgetting).toBe(18);
    expect(await store.size()).toMatchObject({ tasks: 3 });
    const [span] = await store.numbers({ from: 0, to: NOON, step: 'all' });
    expect(span!.run.histogram.length).toBeGreaterThan(0);

    await Promise.all([store.close(), store.close()]);
    await expect(store.get('t3')).rejects.toMatchObject({ name: 'HistoryClosedError' });
    // The log is folded into the file by a clean end.
    expect(readdirSync(folder).filter((name) => name.startsWith('a.db'))).toEqual(['a.db']);
  });

  it('passes on what went wrong as what it was', async () => {
    const store = new SqliteHistoryStore({ file: join(folder, 'b.db'), thread });
    await store.migrate();
    await expect(
      store.search({ query: parseQuery(''), limit: 5, now: NOON, cursor: 'x' }),
    ).rejects.toMatchObject({
      name: 'RoostError',
      code: 'QUERY_INVALID',
      fields: [{ path: 'cursor' }],
    });
    await store.close();
    writeFileSync(
      join(folder, 'c.db'),
      'this is no database file, but it is long enough to be taken for a header'.repeat(20),
    );
    const broken = new SqliteHistoryStore({ file: join(folder, 'c.db'), thread });
    await expect(broken.migrate()).rejects.toThrow(HistoryFileError);
    await broken.close();
  });

  it('reports it when a thread dies', async () => {
    writeFileSync(
      join(folder, 'history/sqlite/dies.js'),
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => { throw new Error("out of luck"); });',
    );
    const store = new SqliteHistoryStore({
      file: join(folder, 'd.db'),
      thread: pathToFileURL(join(folder, 'history/sqlite/dies.js')),
    });
    await expect(store.migrate()).rejects.toMatchObject({
      name: 'HistoryClosedError',
      message: "The history's thread died: out of luck",
    });
    await store.close();
  });
});
