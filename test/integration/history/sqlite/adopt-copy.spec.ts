import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearLocation } from '../../../../src/history/sqlite/adopt-copy.js';
import { SqliteDatabase } from '../../../../src/history/sqlite/database.js';
import { HistoryMovedError } from '../../../../src/history/ports/history-errors.js';
import { RecordingEngine } from '../../../../src/history/sqlite/recording-engine.js';
import type { Bulk } from '../../../../src/history/ports/bulk-store.js';

describe('a history', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'roost-copies-')));
    file = join(folder, 'history.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** With its log, which in a process that goes on may not be folded into the file yet. */
  function copy(from: string, to: string): void {
    for (const end of ['', '-wal']) if (existsSync(from + end)) copyFileSync(from + end, to + end);
  }

  function move(from: string, to: string): void {
    for (const end of ['', '-wal', '-shm']) if (existsSync(from + end)) renameSync(from + end, to + end);
  }

  function open<T>(path: string, use: (engine: RecordingEngine) => T): T {
    const engine = new RecordingEngine({ file: path });
    try {
      return use(engine);
    } finally {
      engine.close();
    }
  }
  const idOf = (path: string) => open(path, (engine) => engine.storeId);
  const bulksOf = (path: string) => open(path, (engine) => engine.bulks('list', [{ limit: 10 }]) as Bulk[]);
  const order = {
    action: 'retry',
    to: null,
    q: '',
    filter: null,
    reason: null,
    by: 'ada',
    createdAt: 1,
  } as const;

  /** With one bulk action that waits, one that runs and one that has ended. */
  function withBulks(): void {
    open(file, (engine) => {
      for (const id of ['pending', 'running', 'ended']) {
        const targets = [{ queue: 'default', id: 't1' }];
        engine.bulks('create', [{ ...order, id, startsAt: 1, key: id, fingerprint: '' }, targets]);
        if (id === 'pending') continue;
        engine.bulks('claim', [id, 'host/1/x', 0, 2]);
        engine.bulks('begin', [id, 'host/1/x', 2]);
      }
      engine.bulks('end', ['ended', 'host/1/x', 'completed', 3]);
    });
  }
  const states = (path: string) => Object.fromEntries(bulksOf(path).map(({ id, state }) => [id, state]));

  it('is the same by every name, wherever it is moved', () => {
    const id = idOf(file);
    symlinkSync(file, join(folder, 'symlink.db'));
    expect(idOf(join(folder, 'symlink.db'))).toBe(id);
    move(file, join(folder, 'renamed.db'));
    expect(idOf(join(folder, 'renamed.db'))).toBe(id);
  });

  it('is another one in each copy, also where a copy takes the place of the original', () => {
    const id = idOf(file);
    copy(file, join(folder, 'copy.db'));
    const copied = idOf(join(folder, 'copy.db'));
    expect(copied).not.toBe(id);
    copy(file, join(folder, 'second.db'));
    expect(new Set([id, copied, idOf(join(folder, 'second.db'))]).size).toBe(3);
    expect(idOf(file)).toBe(id);
  });

  it('goes on with its bulk actions after a move, and a copy of it does not repeat them', () => {
    withBulks();
    const before = { pending: 'pending', running: 'running', ended: 'completed' };
    move(file, join(folder, 'renamed.db'));
    expect(states(join(folder, 'renamed.db'))).toEqual(before);
    copy(join(folder, 'renamed.db'), join(folder, 'copy.db'));
    expect(states(join(folder, 'copy.db'))).toEqual({ ...before, pending: 'failed', running: 'failed' });
    const [left] = bulksOf(join(folder, 'copy.db')).filter(({ id }) => id === 'running');
    expect(left).toMatchObject({
      holder: null,
      trouble: expect.stringContaining('a copy or a restored backup'),
    });
    expect(states(join(folder, 'renamed.db'))).toEqual(before);
  });

  it('is distinguished from a copy that got the inode of the one it replaces', () => {
    withBulks();
    const backup = join(folder, 'backup.db');
    copy(file, backup);
    for (const name of readdirSync(folder)) if (name.startsWith('history')) rmSync(join(folder, name));
    copy(backup, file);
    expect(states(file)).toMatchObject({ pending: 'failed', running: 'failed' });
  });

  it('that was made homeless carries nothing on, even over the file it came from', () => {
    withBulks();
    const db = new SqliteDatabase(file);
    clearLocation(db);
    db.close();
    expect(states(file)).toEqual({ pending: 'failed', running: 'failed', ended: 'completed' });
  });

  it('that is from before there was a note of its place counts as no copy', () => {
    withBulks();
    const db = new SqliteDatabase(file);
    db.run("DELETE FROM meta WHERE key = 'home'");
    db.close();
    copy(file, join(folder, 'copy.db'));
    expect(states(join(folder, 'copy.db'))).toMatchObject({ pending: 'pending', running: 'running' });
  });

  it('shows by which name others knew it before, once', () => {
    open(file, (engine) => {
      expect(engine.noteStoreId()).toBeUndefined();
      expect(engine.noteStoreId()).toBeUndefined();
    });
    const db = new SqliteDatabase(file);
    db.run("UPDATE meta SET value = 'before' WHERE key = 'store'");
    db.close();
    open(file, (engine) => {
      expect(engine.noteStoreId()).toBe('before');
      expect(engine.noteStoreId()).toBeUndefined();
    });
    copy(file, join(folder, 'copy.db'));
    open(join(folder, 'copy.db'), (engine) => expect(engine.noteStoreId()).toBeUndefined());
  });

  it('notices that its path leads elsewhere by now', () => {
    open(file, (engine) => {
      engine.checkLocation();
      renameSync(file, join(folder, 'renamed.db'));
      expect(() => engine.checkLocation()).toThrow(HistoryMovedError);
      expect(() => engine.checkLocation()).toThrow(/history\.db was removed or renamed/);
      copy(join(folder, 'renamed.db'), file);
      expect(() => engine.checkLocation()).toThrow(/was replaced/);
      rmSync(file);
      renameSync(join(folder, 'renamed.db'), file);
      engine.checkLocation();
    });
  });
});
