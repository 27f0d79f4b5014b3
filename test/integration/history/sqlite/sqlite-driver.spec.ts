import { afterAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { namedSqliteDriver } from '../../../../src/platform/config/sqlite-driver.js';
import { openWithLibsql } from '../../../../src/history/sqlite/libsql-connection.js';
import { findNodeSqlite } from '../../../../src/history/sqlite/node-connection.js';
import type { OpenSqlite } from '../../../../src/history/sqlite/sqlite-connection.js';
import { openSqlite, sqliteDriver } from '../../../../src/history/sqlite/sqlite-driver.js';
import { compileStore } from './compiled-store.js';

const openWithNode = findNodeSqlite();
/** Every driver that this Node has. */
const DRIVERS: [string, OpenSqlite][] = [
  ['libsql', openWithLibsql],
  ...(openWithNode ? [['node', openWithNode] as [string, OpenSqlite]] : []),
];
const folder = mkdtempSync(join(tmpdir(), 'roost-driver-'));

afterAll(() => rmSync(folder, { recursive: true }));

/** The code of the error that `act` throws. */
function codeOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'nothing was thrown';
}

describe('the drivers of SQLite', () => {
  it('are those this Node has: its own from 22.16 on, else libsql', () => {
    const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
    const hasOwn = major > 22 || (major === 22 && minor >= 16);
    expect(openWithNode !== undefined).toBe(hasOwn);
    expect(sqliteDriver).toBe(namedSqliteDriver() ?? (hasOwn ? 'node' : 'libsql'));
    const db = openSqlite(':memory:');
    expect(db.prepare('SELECT 1 AS one', 'lists').all([])).toEqual([[1]]);
    db.close();
  });

  it('are named by ROOST_SQLITE_DRIVER, which takes no other word', () => {
    expect(namedSqliteDriver({})).toBeUndefined();
    expect(namedSqliteDriver({ ROOST_SQLITE_DRIVER: '' })).toBeUndefined();
    expect(namedSqliteDriver({ ROOST_SQLITE_DRIVER: 'libsql' })).toBe('libsql');
    expect(() => namedSqliteDriver({ ROOST_SQLITE_DRIVER: 'better' })).toThrow('Set it to node or libsql');
  });

  it('open the files of each other', () => {
    for (const [writer, write] of DRIVERS) {
      const file = join(folder, `from-${writer}.db`);
      const db = write(file);
      db.exec(`PRAGMA journal_mode = WAL; CREATE VIRTUAL TABLE words USING fts5(text, prefix = '2 3')`);
      db.prepare('INSERT INTO words VALUES (?)', 'objects').run([`written with ${writer}`]);
      db.close();
      for (const [, read] of DRIVERS) {
        const other = read(file);
        const found = other.prepare('SELECT text FROM words WHERE words MATCH ?', 'lists').all(['writ*']);
        expect(found).toEqual([[`written with ${writer}`]]);
        other.prepare('INSERT INTO words VALUES (?)', 'objects').run(['more']);
        other.exec(`INSERT INTO words (words) VALUES ('integrity-check')`);
        other.close();
      }
    }
  });
});

describe.each(DRIVERS)('SQLite by way of %s', (name, open) => {
  it('gives back what was bound, as objects and as lists', () => {
    const db = open(':memory:');
    const sql = 'SELECT ? AS text, ? AS number, ? AS fraction, ? AS none, ? AS bytes';
    const params = () => ['té\u{1f426}', 7, 0.5, null, Uint8Array.of(0, 1, 255)];
    const [row] = db.prepare(sql, 'objects').all(params()) as [Record<string, unknown>];
    expect({ ...row, bytes: [...new Uint8Array(row.bytes as Uint8Array)] }).toEqual({
      ...{ text: 'té\u{1f426}', number: 7, fraction: 0.5, none: null, bytes: [0, 1, 255] },
    });
    const [list] = db.prepare(sql, 'lists').all(params()) as [unknown[]];
    expect(list.slice(0, 4)).toEqual(['té\u{1f426}', 7, 0.5, null]);
    db.close();
  });

  it('reads an integer beyond 2^53 as the nearest double, before and after others', () => {
    const db = open(':memory:');
    for (const as of ['objects', 'lists'] as const) {
      const statement = db.prepare('SELECT CAST(? AS INTEGER) AS n', as);
      const read = (digits: string) => Object.values(statement.all([digits])[0] as object);
      expect(read('12')).toEqual([12]);
      expect(read('9007199254740993')).toEqual([9007199254740992]);
      expect(read('12')).toEqual([12]);
    }
    db.close();
  });

  it('counts changed rows and knows its transaction', () => {
    const db = open(':memory:');
    db.exec('CREATE TABLE a (b); INSERT INTO a VALUES (1), (2), (3)');
    db.exec('BEGIN');
    expect(db.inTransaction).toBe(true);
    expect(db.prepare('UPDATE a SET b = b + ? WHERE b > ?', 'objects').run([1, 1])).toBe(2);
    db.exec('ROLLBACK');
    expect(db.inTransaction).toBe(false);
    expect(db.prepare('SELECT sum(b) FROM a', 'lists').all([])).toEqual([[6]]);
    db.close();
  });

  it('names what went wrong as SQLite does', () => {
    const file = join(folder, `wrong-${name}.db`);
    const [one, two] = [open(file), open(file)];
    one.exec('CREATE TABLE a (b UNIQUE); INSERT INTO a VALUES (1)');
    expect(codeOf(() => one.exec('SELEC'))).toBe('SQLITE_ERROR');
    expect(codeOf(() => one.prepare('SELECT nothing', 'objects'))).toBe('SQLITE_ERROR');
    expect(codeOf(() => one.prepare('INSERT INTO a VALUES (1)', 'objects').run([]))).toMatch(
      /^SQLITE_CONSTRAINT/,
    );
    one.exec('BEGIN IMMEDIATE');
    expect(codeOf(() => two.exec('BEGIN IMMEDIATE'))).toBe('SQLITE_BUSY');
    one.close();
    two.close();
    const text = join(folder, `text-${name}.db`);
    writeFileSync(text, 'no database, and long enough to have a header of one '.repeat(40));
    expect(codeOf(() => open(text).exec('PRAGMA journal_mode = WAL'))).toBe('SQLITE_NOTADB');
  });
});

it('a process that opens a history prints no warning', () => {
  const opened = join(folder, 'quiet.mjs');
  const connection = new URL('database.js', compileStore(folder));
  writeFileSync(
    opened,
    `import { SqliteDatabase } from ${JSON.stringify(connection.href)};
     console.log(new SqliteDatabase(':memory:').get('SELECT 1 AS one').one);
     process.emitWarning('another', 'ExperimentalWarning');`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, [opened], { encoding: 'utf8' });
  expect(stdout).toBe('1\n');
  expect(stderr).toContain('another');
  expect(stderr).not.toContain('SQLite');
});
