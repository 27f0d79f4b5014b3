import type { Bindable, SqliteDatabase } from './database.js';

/** Rows of one statement: a call into SQLite costs about four times what a row more in it does. */
const CHUNKS = [32, 8, 1] as const;

/** Writes many rows of one shape with few statements; what is added stands in the file after `flush`. */
export class BulkInsert {
  private readonly sql: readonly string[];
  private rows: (readonly Bindable[])[] = [];

  constructor(
    private readonly db: SqliteDatabase,
    /** `INSERT INTO table (columns)` */
    head: string,
    columns: number,
    /** `ON CONFLICT ...` */
    tail = '',
  ) {
    const row = `(${Array<string>(columns).fill('?').join(',')})`;
    this.sql = CHUNKS.map((size) => `${head} VALUES ${Array<string>(size).fill(row).join(',')} ${tail}`);
  }

  add(row: readonly Bindable[]): void {
    this.rows.push(row);
  }

  flush(): void {
    const { rows } = this;
    this.rows = [];
    let at = 0;
    CHUNKS.forEach((size, i) => {
      for (; rows.length - at >= size; at += size) {
        const params: Bindable[] = [];
        for (let row = at; row < at + size; row++) for (const value of rows[row]!) params.push(value);
        this.db.run(this.sql[i]!, params);
      }
    });
  }

  /** After a transaction that was undone. */
  discard(): void {
    this.rows = [];
  }
}
