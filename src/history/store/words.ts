import type { SqliteDatabase } from './database.js';

/** Kinds of names that are kept once and stand elsewhere as a number. */
export const WORD = { queue: 1, type: 2, worker: 3, errorName: 4, path: 5, version: 6 } as const;

export type WordKind = (typeof WORD)[keyof typeof WORD];

/** Names remembered at most; a Redis with more than this many job names costs look-ups, not memory. */
const MAX_REMEMBERED = 20_000;
/** Different paths of inputs and results that are indexed: against inputs whose names are themselves data. */
export const MAX_PATHS = 10_000;

/** Names and their numbers, both ways. Number 0 is no name. */
export class Words {
  private readonly ids = new Map<string, number>();
  private readonly texts = new Map<number, string>();
  private paths = 0;

  constructor(private readonly db: SqliteDatabase) {}

  /** The number of a name; a new one is given to a name never seen. */
  idOf(kind: WordKind, text: string): number {
    return this.find(kind, text) ?? this.add(kind, text);
  }

  /** As `idOf`, but undefined for a path that comes after the limit. */
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
    const key = `${kind}${text}`;
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const row = this.db.get<{ id: number }>('SELECT id FROM words WHERE kind = ? AND text = ?', [kind, text]);
    if (row) this.remember(key, row.id, text);
    return row?.id;
  }

  /** Numbers of all names that equal `text` or begin with it, without regard to case. */
  match(kind: WordKind, text: string, prefix: boolean): number[] {
    const folded = text.toLowerCase();
    if (!prefix) {
      return this.db
        .all<{ id: number }>('SELECT id FROM words WHERE kind = ? AND folded = ?', [kind, folded])
        .map(({ id }) => id);
    }
    return this.beginning(kind, folded, Number.MAX_SAFE_INTEGER).map(({ id }) => id);
  }

  /** Names that begin with `folded`, in the order of the alphabet. */
  beginning(kind: WordKind, folded: string, limit: number): { id: number; text: string }[] {
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
    if (row) this.remember(`${row.kind}${row.text}`, id, row.text);
    return row?.text ?? '';
  }

  /** After a transaction that was undone: its new numbers never were. */
  forget(): void {
    this.ids.clear();
    this.texts.clear();
    this.paths = 0;
  }

  private add(kind: WordKind, text: string): number {
    const row = this.db.get<{ id: number }>(
      'INSERT INTO words (kind, text, folded) VALUES (?, ?, ?) RETURNING id',
      [kind, text, text.toLowerCase()],
    )!;
    this.remember(`${kind}${text}`, row.id, text);
    return row.id;
  }

  private remember(key: string, id: number, text: string): void {
    if (this.ids.size >= MAX_REMEMBERED) this.forget();
    this.ids.set(key, id);
    this.texts.set(id, text);
  }
}

/** The first text after all that begin with `prefix`, in the order of bytes. */
export function afterPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}
