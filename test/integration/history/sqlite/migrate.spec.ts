import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteDatabase } from '../../../../src/history/sqlite/database.js';
import { migrate } from '../../../../src/history/sqlite/migrate.js';
import { MIGRATIONS } from '../../../../src/history/sqlite/migrations.js';

describe('the format of the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roost-migrate-'));
  const opened: SqliteDatabase[] = [];
  let n = 0;

  function open(file = join(folder, `${n++}.db`)): SqliteDatabase {
    const db = new SqliteDatabase(file);
    opened.push(db);
    return db;
  }

  const newest = MIGRATIONS.at(-1)!.number;
  const next = [...MIGRATIONS, { number: newest + 1, what: 'more', sql: 'CREATE TABLE more (x)' }];

  afterEach(() => {
    for (const db of opened.splice(0)) db.close();
    if (n > 5) rmSync(folder, { recursive: true, force: true });
  });

  it('is made once and brought forward by the steps that are missing', () => {
    const db = open();
    migrate(db);
    db.run("INSERT INTO cursors VALUES ('q', '1-0')");
    migrate(db);
    migrate(db, next);
    expect(db.all('SELECT * FROM cursors, (SELECT count(*) AS n FROM more)')).toEqual([
      { queue: 'q', place: '1-0', n: 0 },
    ]);
  });

  it('is refused when a newer version wrote it', () => {
    const db = open();
    migrate(db, next);
    expect(() => migrate(db)).toThrow(
      `written by a newer Roost (format ${newest + 1}, this one knows up to ${newest}). Start that version again`,
    );
  });

  it('is left alone when it is another program’s', () => {
    const db = open();
    db.exec('CREATE TABLE songs (name)');
    expect(() => migrate(db)).toThrow('is an SQLite file of another program');
    expect(db.all('SELECT name FROM sqlite_schema')).toEqual([{ name: 'songs' }]);
  });

  it('keeps the free text of tasks that an earlier version recorded', () => {
    const [old, fresh] = [open(), open()];
    for (const db of [old, fresh]) migrate(db, MIGRATIONS.slice(0, 10));
    old.exec(`
      INSERT INTO tasks (no, id, queue, type, state, worker, priority, attempts_made, attempts_max, created, input_bytes, result_bytes, cut, text_hash)
        VALUES (1, 'a', 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0);
      INSERT INTO search (rowid, head, input, result, error, log) VALUES (1, '', 'quick brown fox', '', '', '');
    `);
    const find = (db: SqliteDatabase, match: string) =>
      db.all('SELECT rowid AS no FROM search WHERE search MATCH ?', [match]);
    for (const db of [old, fresh]) {
      migrate(db);
      db.run("INSERT INTO search (rowid, head, input, result, error, log) VALUES (2, '', 'fog', '', '', '')");
    }
    for (const match of ['f *', 'fo *']) {
      expect(find(old, match)).toEqual([{ no: 1 }, { no: 2 }]);
      expect(find(fresh, match)).toEqual([{ no: 2 }]);
    }
    expect(find(old, '"quick brown"')).toEqual([{ no: 1 }]);
    const schema = (db: SqliteDatabase) =>
      db.get<{ sql: string }>("SELECT sql FROM sqlite_schema WHERE name = 'search'")!.sql;
    expect(schema(old)).toContain('prefix');
    expect(schema(fresh)).not.toContain('prefix');
  });

  it('keeps what it was when a step fails', () => {
    const db = open();
    migrate(db);
    const broken = [
      ...MIGRATIONS,
      { number: newest + 1, what: 'broken', sql: 'CREATE TABLE more (x); CREATE TABLE tasks (x)' },
    ];
    expect(() => migrate(db, broken)).toThrow('already exists');
    expect(db.get<{ user_version: number }>('PRAGMA user_version')).toEqual({ user_version: newest });
    migrate(db, next);
  });
});
