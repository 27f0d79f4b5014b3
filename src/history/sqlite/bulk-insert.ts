import type { Bindable, SqliteDatabase } from './database.js';

/** Rows per statement: a call into SQLite costs about as much as four additional rows. */
const CHUNKS = [64, 16, 4, 1] as const;

/** Writes many rows of one shape with few statements. All rows are in the database only after `flush`. */
export class BulkInsert {
  private readonly sql: readonly string[];
  /** Values of the pending rows, one after the other; reused, as a growing list is copied again and again. */
  private readonly values: Bindable[];
  private length = 0;

  constructor(
    private readonly db: SqliteDatabase,
    /** `INSERT INTO table (columns)` */
    head: string,
    private readonly columns: number,
    /** `ON CONFLICT ...` */
    tail = '',
  ) {
    const row = `(${Array<string>(columns).fill('?').join(',')})`;
    this.sql = CHUNKS.map((size) => `${head} VALUES ${Array<string>(size).fill(row).join(',')} ${tail}`);
    this.values = Array<Bindable>(CHUNKS[0] * columns).fill(null);
  }

  add(row: readonly Bindable[]): void {
    for (let i = 0; i < this.columns; i++) this.values[this.length++] = row[i];
    this.writeFull();
  }

  /** Adds a row with these columns. */
  addColumns<Name extends string>(row: { readonly [name in Name]: Bindable }, names: readonly Name[]): void {
    for (let i = 0; i < names.length; i++) this.values[this.length++] = row[names[i]!];
    this.writeFull();
  }

  flush(): void {
    let at = 0;
    CHUNKS.forEach((size, i) => {
      const length = size * this.columns;
      for (; this.length - at >= length; at += length)
        this.db.run(this.sql[i]!, this.values.slice(at, at + length));
    });
    this.length = 0;
  }

  /** Drops pending rows after a rollback. */
  discard(): void {
    this.length = 0;
  }

  private writeFull(): void {
    if (this.length < this.values.length) return;
    this.length = 0;
    this.db.run(this.sql[0]!, this.values);
  }
}
