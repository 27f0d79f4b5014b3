import type { Bindable, SqliteDatabase } from './database.js';

/** Rows per statement: a call into SQLite costs about as much as four additional rows. */
const CHUNKS = [64, 16, 4, 1] as const;

/** Writes many rows of one shape with few statements. Rows are in the database only after `flush`. */
export class BulkInsert {
  private readonly sql: readonly string[];
  /** Values of all pending rows, concatenated. */
  private values: Bindable[] = [];

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
  }

  add(row: readonly Bindable[]): void {
    for (let i = 0; i < this.columns; i++) this.values.push(row[i]);
  }

  flush(): void {
    const { values } = this;
    this.values = [];
    let at = 0;
    CHUNKS.forEach((size, i) => {
      const length = size * this.columns;
      for (; values.length - at >= length; at += length)
        this.db.run(this.sql[i]!, values.slice(at, at + length));
    });
  }

  /** Drops pending rows after a rollback. */
  discard(): void {
    this.values = [];
  }
}
