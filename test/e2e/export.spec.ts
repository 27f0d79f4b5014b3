import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync, rmSync, mkdtempSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskView } from '../../src/model/task-view.js';
import type { TaskRow } from '../../src/history/ports/rows.js';
import { StoreEngine } from '../../src/history/sqlite/store-engine.js';
import { newTaskId } from '../../src/bullmq/task-ids.js';
import { emptyBatch } from '../support/history-rows.js';
import { ApiClient } from '../support/api-client.js';
import { Roost } from '../support/roost.js';
import { until } from '../support/until.js';

const TASKS = 20_000;
/** Length of each input, so that the whole is 80 MB. */
const LENGTH = 4_000;
const HOSTILE = [
  '=1+1',
  '+1',
  '-1',
  '@x',
  '\tx',
  '\rx',
  'a,b',
  'say "hi"',
  'two\r\nlines',
  '{"a":"=1"}',
  '-5',
  'ü€😀',
];

describe('exporting tasks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-export-'));
  let roost: Roost;
  let api: ApiClient;

  beforeAll(async () => {
    const file = join(folder, 'history.db');
    fill(file);
    roost = await Roost.start({ worker: false, env: { HISTORY_URL: `file:${file}`, LOG_LEVEL: 'info' } });
    api = new ApiClient(roost.url);
  });

  afterAll(async () => {
    await roost?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const path = (format: string, q = '') => `/api/v1/tasks/export?${new URLSearchParams({ format, q })}`;
  /** Memory of its own, without what is mapped from files, bytes. */
  const memory = () => {
    const status = readFileSync(`/proc/${roost.web.pid}/status`, 'utf8');
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)![1]) * 1024;
  };

  it('gives everything, with little memory', async () => {
    // Its own caches have reached their size in the first quarter.
    let early = 0;
    let most = 0;
    const answer = await api.call('GET', path('ndjson', 'type:bulky'));
    expect(answer.headers.get('content-type')).toMatch(/^application\/x-ndjson/);
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename=roost-tasks-[\d-]+\.ndjson$/,
    );
    const ids = new Set<string>();
    let bytes = 0;
    let rest = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      bytes += chunk.length;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) ids.add((JSON.parse(line) as TaskView).id);
      if (ids.size < TASKS / 4) early = Math.max(early, memory());
      else most = Math.max(most, memory());
    }
    expect(ids.size).toBe(TASKS);
    expect(bytes).toBeGreaterThan(TASKS * LENGTH);
    // Less than half of the 60 MB that come after.
    expect(most - early).toBeLessThan(30e6);
  });

  it('waits for a slow reader, and stops when it hangs up', async () => {
    const request = get(`${roost.url}${path('ndjson', 'type:bulky')}`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.pause();
    const before = memory();
    // Some other work of the same process meanwhile, which also shows that it is not held up.
    for (let n = 0; n < 20; n++) expect((await api.call('GET', '/health/live')).ok).toBe(true);
    expect(memory() - before).toBeLessThan(64e6);
    request.destroy();
    await until('it answers at once again', async () => {
      const startedAt = performance.now();
      await api.get('/api/v1/tasks?limit=1');
      return performance.now() - startedAt < 500;
    });
    expect(roost.web.isRunning).toBe(true);
    expect(roost.web.output).not.toContain('unexpected error');
  });

  it('keeps hostile text in its cell, and spreadsheets from running it', async () => {
    const answer = await api.call('GET', path('csv', 'type:odd'));
    expect(answer.headers.get('content-type')).toMatch(/^text\/csv; charset=utf-8/);
    const [head, ...rows] = parseCsv(await answer.text());
    const column = (name: string) => rows.map((row) => row[head!.indexOf(name)]!);
    expect(head![0]).toBe('id');
    expect(column('type')).toEqual(HOSTILE.map(() => 'odd'));
    expect(column('input')).toEqual(HOSTILE.map((text) => JSON.stringify(text)));
    const isNumber = (text: string) => /^-\d+$/.test(text);
    expect(column('error_message')).toEqual(
      HOSTILE.map((text) => (/^[=+@\t\r-]/.test(text) && !isNumber(text) ? `'${text}` : text)),
    );
    expect(column('result')).toEqual(HOSTILE.map(() => ''));
    expect(column('tags')).toEqual(HOSTILE.map(() => `'=tag`));
    for (const row of rows) expect(row).toHaveLength(head!.length);
  });

  it('answers a problem instead of a file where it cannot begin', async () => {
    const answer = await api.call('GET', path('csv', 'state:faild'));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      400,
      'application/problem+json; charset=utf-8',
    ]);
    expect((await api.call('GET', path('xlsx'))).status).toBe(400);
  });
});

function fill(file: string): void {
  const engine = new StoreEngine({ file });
  const now = Date.now();
  const input = JSON.stringify({ text: 'x'.repeat(LENGTH) });
  for (let from = 0; from < TASKS; from += 1_000) {
    const tasks = Array.from({ length: 1_000 }, (_, i): TaskRow => {
      const createdAt = now - 3_600_000 + from + i;
      return {
        queue: 'default',
        id: newTaskId(createdAt),
        type: 'bulky',
        state: 'cancelled',
        createdAt,
        input,
      };
    });
    engine.record({ ...emptyBatch(), tasks });
  }
  const odd = HOSTILE.map((text, i): TaskRow => {
    const createdAt = now - 60_000 + i;
    const error = { name: 'Error', message: text };
    return {
      ...{ queue: 'default', id: newTaskId(createdAt), type: 'odd', state: 'failed', createdAt, error },
      ...{ input: JSON.stringify(text), tags: ['=tag'], finishedAt: createdAt },
    };
  });
  engine.record({ ...emptyBatch(), tasks: odd });
  engine.close();
}

/** As a spreadsheet reads it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|$)/gy;
  while (cell.lastIndex < text.length) {
    const [, value, end] = cell.exec(text)!;
    rows.at(-1)!.push(value!.startsWith('"') ? value!.slice(1, -1).replaceAll('""', '"') : value!);
    if (end === '\r\n') rows.push([]);
  }
  return rows.filter((row) => row.length > 0);
}
