import { WORD, type Names, type WordKind } from '../recording/rules/names.js';
import type { SqliteDatabase } from './database.js';

/** Maximum cached names. A Redis with more job names costs lookups, not memory. */
const MAX_CACHED = 20_000;
/** Maximum indexed paths of inputs and results: protects against inputs whose names are themselves data. */
export const MAX_PATHS = 10_000;

/** Maps names to numbers and back. Number 0 means no name. */
export class Dictionary implements Names {
  /** By kind, then by text. */
  private readonly ids: Map<string, number>[] = [];
  private cached = 0;
  private readonly texts = new Map<number, string>();
  private paths = 0;

  constructor(private readonly db: SqliteDatabase) {}

  idOf(kind: WordKind, text: string): number {
    return this.find(kind, text) ?? this.add(kind, text);
  }

  pathId(path: string): number | undefined {
    const known = this.find(WORD.path, path);
    if (known !== undefined) return known;
    if (this.paths === 0)
      this.paths = this.db.get<{ n: number }>('SELECT count(*) AS n FROM words WHERE kind = ?', [
        WORD.path,
      ])!.n;
    if (this.paths >= MAX_PATHS) return undefined;
    this.paths++;
    return this.add(WORD.path, path);
  }

  find(kind: WordKind, text: string): number | undefined {
    const known = this.ids[kind]?.get(text);
    if (known !== undefined) return known;
    const row = this.db.get<{ id: number }>('SELECT id FROM words WHERE kind = ? AND text = ?', [kind, text]);
    if (row) this.cache(kind, row.id, text);
    return row?.id;
  }

  /** Numbers of all names that equal `text` or begin with it, case-insensitive. */
  match(kind: WordKind, text: string, prefix: boolean): number[] {
    const folded = text.toLowerCase();
    if (!prefix) {
      return this.db
        .all<{ id: number }>('SELECT id FROM words WHERE kind = ? AND folded = ?', [kind, folded])
        .map(({ id }) => id);
    }
    return this.withPrefix(kind, folded, Number.MAX_SAFE_INTEGER).map(({ id }) => id);
  }

  /** Names that begin with `folded`, in alphabetical order. */
  withPrefix(kind: WordKind, folded: string, limit: number): { id: number; text: string }[] {
    return this.db.all<{ id: number; text: string }>(
      'SELECT id, text FROM words WHERE kind = ? AND folded >= ? AND folded < ? ORDER BY folded, text LIMIT ?',
      [kind, folded, afterPrefix(folded), limit],
    );
  }

  textOf(id: number | null): string {
    if (!id) return '';
    const known = this.texts.get(id);
    if (known !== undefined) return known;
    const row = this.db.get<{ kind: number; text: string }>('SELECT kind, text FROM words WHERE id = ?', [
      id,
    ]);
    if (row) this.cache(row.kind, id, row.text);
    return row?.text ?? '';
  }

  /** Clears the cache after a rollback, which also undid new numbers. */
  forget(): void {
    this.ids.length = 0;
    this.cached = 0;
    this.texts.clear();
    this.paths = 0;
  }

  private add(kind: WordKind, text: string): number {
    const row = this.db.get<{ id: number }>(
      'INSERT INTO words (kind, text, folded) VALUES (?, ?, ?) RETURNING id',
      [kind, text, text.toLowerCase()],
    )!;
    this.cache(kind, row.id, text);
    return row.id;
  }

  private cache(kind: number, id: number, text: string): void {
    if (this.cached >= MAX_CACHED) this.forget();
    this.cached++;
    (this.ids[kind] ??= new Map()).set(text, id);
    this.texts.set(id, text);
  }
}

/** Returns the first text after all texts that begin with `prefix`, in byte order. */
export function afterPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}
