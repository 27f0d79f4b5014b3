import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { SqliteDatabase } from '../../../../src/history/sqlite/database.js';
import { HistoryFileError } from '../../../../src/history/sqlite/migrate.js';
import { StoreEngine } from '../../../../src/history/sqlite/store-engine.js';
import { compileStore } from './compiled-store.js';
import { emptyBatch, task } from '../../../support/history-rows.js';

const BATCH = 40;

/** Writes batch after batch, numbered by its cursor, and says so after each. */
const WRITER = `
import { StoreEngine } from './history/sqlite/store-engine.js';
const [file, queue] = process.argv.slice(2);
const engine = new StoreEngine({ file });
const states = ['completed', 'failed', 'waiting'];
for (let n = Number(engine.cursors()[queue]?.split('-')[0] ?? 0); ; ) {
  const batch = { cursors: { [queue]: ++n + '-0' }, tasks: [], attempts: [], transitions: [], logs: [], progress: [], removed: [] };
  for (let i = 0; i < ${BATCH}; i++) {
    const at = 1.7e12 + n * 1000 + i;
    const state = states[i % 3];
    const ref = { queue, id: n + '-' + i };
    batch.tasks.push({ ...ref, state, type: 'divide', createdAt: at, finishedAt: at, waitMs: 1, runMs: i, worker: 'w' + (i % 3),
      input: JSON.stringify({ n, i, text: 'word' + i + ' batch' + n }), ...(state === 'failed' ? { error: { name: 'E', message: 'no ' + i } } : {}) });
    batch.attempts.push({ ...ref, number: 1, startedAt: at, finishedAt: at, outcome: state === 'failed' ? 'failed' : 'completed' });
    batch.transitions.push({ ...ref, at, seq: 0, state });
    // Sends earlier tasks once more, as after a crash of the sender.
    if (i % 5 === 0 && n > 1) batch.tasks.push({ queue, id: n - 1 + '-' + i, state: states[i % 3] });
  }
  engine.record(batch);
  process.stdout.write(n + '\\n');
}
`;

/** Opens the file, says how many tasks it has, and closes it. */
const READER = `
import { StoreEngine } from './history/sqlite/store-engine.js';
const engine = new StoreEngine({ file: process.argv[2] });
console.log(engine.size().tasks);
engine.close();
`;

describe('the file of the history', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'roost-mishaps-')));
  const running = new Set<ChildProcess>();
  const opened: { close(): void }[] = [];

  beforeAll(() => {
    compileStore(folder);
    writeFileSync(join(folder, 'writer.js'), WRITER);
    writeFileSync(join(folder, 'reader.js'), READER);
  });
  afterEach(() => {
    for (const each of opened.splice(0)) each.close();
  });
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  /** Answers the number of the last batch that it said was written. */
  async function killAfter(batches: number, file: string, queue: string): Promise<number> {
    const child = spawn(process.execPath, ['writer.js', file, queue], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.add(child);
    const exited = once(child, 'exit');
    let said = 0;
    let seen = 0;
    for await (const line of createInterface(child.stdout)) {
      said = Number(line);
      if (++seen === batches) child.kill('SIGKILL');
    }
    await exited;
    running.delete(child);
    return said;
  }

  function check(file: string, queues: Record<string, number>): void {
    const db = new SqliteDatabase(file);
    opened.push(db);
    expect(db.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    db.exec("INSERT INTO search (search) VALUES ('integrity-check')");
    const one = (sql: string) => Object.values(db.get<Record<string, number>>(sql)!)[0];
    let tasks = 0;
    for (const [queue, said] of Object.entries(queues)) {
      const { place } = db.get<{ place: string }>('SELECT place FROM cursors WHERE queue = ?', [queue])!;
      const batches = Number(place.split('-')[0]);
      expect(batches).toBeGreaterThanOrEqual(said);
      tasks += batches * BATCH;
    }
    expect(one('SELECT count(*) FROM tasks')).toBe(tasks);
    // In the task's row or in rows of their own.
    expect(one('SELECT count(attempt_version) + (SELECT count(*) FROM attempts) FROM tasks')).toBe(tasks);
    expect(
      one('SELECT sum(json_array_length(transitions)) + (SELECT count(*) FROM transitions) FROM tasks'),
    ).toBe(tasks);
    expect(one('SELECT sum(n) FROM tallies')).toBe(tasks);
    expect(one('SELECT sum(added) FROM numbers WHERE span = 86400000 AND worker = 0')).toBe(tasks);
    expect(one("SELECT count(*) FROM search WHERE search MATCH 'divide'")).toBe(tasks);
    expect(one('SELECT count(*) FROM facts')).toBe(3 * tasks);
  }

  it('has whole batches and their cursor, however often its writer is killed', async () => {
    const file = join(folder, 'killed.db');
    for (let kill = 1; kill <= 10; kill++) {
      const said = await killAfter(1 + ((kill * 7) % 12), file, 'default');
      check(file, { default: said });
    }
  });

  it('takes two processes at once', async () => {
    const file = join(folder, 'shared.db');
    const [a, b] = await Promise.all([killAfter(60, file, 'default'), killAfter(60, file, 'other')]);
    check(file, { default: a, other: b });
  });

  it('keeps what one process writes when another one opens and closes it', () => {
    const file = join(folder, 'open.db');
    const seenByAnother = () =>
      Number(execFileSync(process.execPath, ['reader.js', file], { cwd: folder, encoding: 'utf8' }));
    // As a web app does: several connections in one process.
    const [writer, reader] = [new StoreEngine({ file }), new StoreEngine({ file })];
    opened.push(writer, reader);
    writer.record({ ...emptyBatch(), tasks: [task('t1')] });
    // The last process to close a file folds its log into it and removes that.
    expect(seenByAnother()).toBe(1);
    writer.record({ ...emptyBatch(), tasks: [task('t2')] });
    expect(reader.size().tasks).toBe(2);
    expect(seenByAnother()).toBe(2);
  });

  it('shows that the disk is full, keeps what it has, and goes on when there is space', () => {
    const file = join(folder, 'full.db');
    const engine = new StoreEngine({ file });
    const db = (engine as unknown as { db: SqliteDatabase }).db;
    opened.push(engine);
    const record = (from: number) =>
      engine.record({
        ...emptyBatch(),
        cursors: { default: `${from}-0` },
        tasks: Array.from({ length: 500 }, (_, i) =>
          task(`t${from + i}`, { input: JSON.stringify({ text: 'x'.repeat(900) }) }),
        ),
      });
    record(0);
    const pages = db.get<{ page_count: number }>('PRAGMA page_count')!.page_count;
    db.exec(`PRAGMA max_page_count = ${pages + 20}`);
    expect(() => record(1000)).toThrow(HistoryFileError);
    expect(() => record(1000)).toThrow(/The disk that holds .*full\.db is full\./);
    expect([engine.cursors(), engine.size().tasks]).toEqual([{ default: '0-0' }, 500]);
    db.exec('PRAGMA max_page_count = 1000000');
    expect(record(1000).added).toBe(500);
  });

  it('is refused when it is damaged or something else', () => {
    const file = join(folder, 'damaged.db');
    const engine = new StoreEngine({ file });
    engine.record({ ...emptyBatch(), tasks: [task('t')] });
    (engine as unknown as { db: SqliteDatabase }).db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    engine.close();
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xa5, 4096));
    const damaged = () =>
      new StoreEngine({ file }).search({ query: { filter: null, sort: null }, limit: 5, now: 0 });
    expect(damaged).toThrow(`${file} is no database, or a damaged one. Move it away`);
    const letter = join(folder, 'letter.db');
    writeFileSync(letter, 'Dear Sir or Madam, this is no database, but it is as long as one. '.repeat(100));
    expect(() => new StoreEngine({ file: letter })).toThrow(HistoryFileError);
  });

  it('becomes smaller again when much of it has been forgotten', () => {
    const file = join(folder, 'shrinks.db');
    const engine = new StoreEngine({ file });
    opened.push(engine);
    const text = 'x'.repeat(20_000);
    for (let batch = 0; batch < 5; batch++) {
      engine.record({
        ...emptyBatch(),
        tasks: Array.from({ length: 300 }, (_, i) =>
          task(`${batch}-${i}`, { state: 'completed', result: JSON.stringify({ text: text + i + batch }) }),
        ),
      });
    }
    const before = engine.size().bytes;
    const policy = { before: {}, max: { completed: 100 }, now: Date.now() };
    while (!engine.forgetPiece(policy).isDone);
    const db = (engine as unknown as { db: SqliteDatabase }).db;
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(engine.size().tasks).toBe(100);
    expect(engine.size().bytes).toBeLessThan(before * 0.6);
  });
});
