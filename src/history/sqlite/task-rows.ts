import { BulkInsert } from './bulk-insert.js';
import type { Bindable, SqliteDatabase } from './database.js';
import type { StoredTask } from '../recording/rules/stored-task.js';
import { factsOf, type Fact, type MergedTask } from '../recording/rules/task-merge.js';

/** In the order of the table, which is that of `StoredTask`. */
const COLUMNS = [
  'no', 'id', 'queue', 'type', 'state', 'worker', 'priority', 'attempts_made', 'attempts_max', 'created',
  'delay_until', 'expires', 'started', 'finished', 'wait_ms', 'run_ms', 'error_name', 'error_message',
  'error_group', 'tags', 'origin', 'progress', 'cancelled', 'options', 'input_bytes', 'result_bytes', 'input',
  'result', 'cut', 'facts', 'text_hash', 'transitions', 'attempt_version',
] as const satisfies readonly (keyof StoredTask)[]; // prettier-ignore

/** Columns that are empty in the row of most tasks. */
const RARE: ReadonlySet<keyof StoredTask> = new Set([
  'delay_until', 'expires', 'error_name', 'error_message', 'error_group', 'tags', 'origin', 'progress', 'cancelled',
] as const); // prettier-ignore
const USUAL = COLUMNS.filter((name) => !RARE.has(name));

/** Answers one JSON text for all rows: as columns they would cost twice as much. */
const FIND = `SELECT json_group_array(json_array(${COLUMNS.map((name) => `t.${name}`).join(', ')}, j.key))
  FROM json_each(?1) AS j CROSS JOIN tasks AS t ON t.id = j.value AND t.queue = ?2`;

/** Reads and writes rows of `tasks` and their dependent rows in bulk, without the query builder: the hottest path. */
export class TaskRows {
  private readonly inserts: BulkInsert;
  /** Inserts without the rare columns: each bound value costs as much as storing it. */
  private readonly usual: BulkInsert;
  private readonly bodies: BulkInsert;
  private readonly facts: BulkInsert;
  private newFacts: [...Fact, task: number][] = [];
  private updates: { sql: string; params: Bindable[] }[] = [];

  constructor(private readonly db: SqliteDatabase) {
    this.inserts = new BulkInsert(db, `INSERT INTO tasks (${COLUMNS.join(', ')})`, COLUMNS.length);
    this.usual = new BulkInsert(db, `INSERT INTO tasks (${USUAL.join(', ')})`, USUAL.length);
    this.bodies = new BulkInsert(
      db,
      'INSERT INTO bodies (task, input, result)',
      3,
      'ON CONFLICT (task) DO UPDATE SET input = coalesce(excluded.input, input), result = coalesce(excluded.result, result)',
    );
    this.facts = new BulkInsert(db, 'INSERT INTO facts (path, value, task)', 3, 'ON CONFLICT DO NOTHING');
  }

  /** Returns the existing rows, by their position in the list. */
  find(refs: readonly { id: string; queue: number }[]): Map<number, StoredTask> {
    const found = new Map<number, StoredTask>();
    const places = new Map<number, number[]>();
    refs.forEach(({ queue }, i) => {
      const known = places.get(queue);
      if (known) known.push(i);
      else places.set(queue, [i]);
    });
    for (const [queue, of] of places) {
      const ids = JSON.stringify(of.map((i) => refs[i]!.id));
      const [json] = this.db.lists(FIND, [ids, queue])[0]!;
      for (const row of JSON.parse(json as string) as unknown[][])
        found.set(of[row[COLUMNS.length] as number]!, toColumns(row as never[]));
    }
    return found;
  }

  body(task: number, which: 'input' | 'result'): string | null {
    const row = this.db.get<{ input: string | null; result: string | null }>(
      'SELECT input, result FROM bodies WHERE task = ?',
      [task],
    );
    return row?.[which] ?? null;
  }

  put({ before, now, body, facts }: MergedTask): void {
    if (before) this.update(before, now);
    else if (isUsual(now)) this.usual.addColumns(now, USUAL);
    else this.inserts.addColumns(now, COLUMNS);
    if (body) this.bodies.add([now.no, body.input, body.result]);
    if (facts && now.facts !== before?.facts) this.putFacts(before, now, facts);
  }

  flush(): void {
    this.usual.flush();
    this.inserts.flush();
    for (const { sql, params } of this.updates) this.db.run(sql, params);
    this.updates = [];
    this.bodies.flush();
    // Neighbours in the index lie on the same page.
    for (const fact of this.newFacts.sort(byPlace)) this.facts.add(fact);
    this.newFacts = [];
    this.facts.flush();
  }

  discard(): void {
    this.updates = [];
    this.newFacts = [];
    for (const insert of [this.inserts, this.usual, this.bodies, this.facts]) insert.discard();
  }

  /** Removes everything stored of a task except its share in the numbers. */
  remove({ no, facts }: Pick<StoredTask, 'no' | 'facts'>): void {
    for (const fact of factsOf(facts)) this.removeFact(no, fact);
    for (const table of ['attempts', 'transitions', 'logs', 'progress', 'bodies']) {
      this.db.run(`DELETE FROM ${table} WHERE task = ?`, [no]);
    }
    this.db.run('DELETE FROM tasks WHERE no = ?', [no]);
  }

  /** Updates only the changed columns: naming a column costs an update of its index even if the value is the same. */
  private update(before: StoredTask, now: StoredTask): void {
    const params: Bindable[] = [];
    let names = '';
    for (let i = 0; i < COLUMNS.length; i++) {
      const name = COLUMNS[i]!;
      if (now[name] === before[name]) continue;
      names += names === '' ? `${name} = ?` : `, ${name} = ?`;
      params.push(now[name]);
    }
    if (names === '') return;
    params.push(now.no);
    this.updates.push({ sql: `UPDATE tasks SET ${names} WHERE no = ?`, params });
  }

  private putFacts(before: StoredTask | undefined, now: StoredTask, facts: readonly Fact[]): void {
    const { no } = now;
    const unchanged = new Set<string>();
    const known = before?.facts ?? null;
    // Usually the facts of a result follow those of the input.
    if (known !== null && now.facts?.startsWith(known.slice(0, -1)))
      facts = facts.slice(factsOf(known).length);
    else if (before) {
      const wanted = new Set(facts.map(factKey));
      for (const fact of factsOf(before.facts)) {
        if (wanted.has(factKey(fact))) unchanged.add(factKey(fact));
        else this.removeFact(no, fact);
      }
    }
    for (const fact of facts)
      if (unchanged.size === 0 || !unchanged.has(factKey(fact))) this.newFacts.push([fact[0], fact[1], no]);
  }

  private removeFact(no: number, [path, value]: Fact): void {
    this.db.run('DELETE FROM facts WHERE path = ? AND value = ? AND task = ?', [path, value, no]);
  }
}

function isUsual(task: StoredTask): boolean {
  for (const name of RARE) if (task[name] !== null) return false;
  return true;
}

/** By one literal in the order of `COLUMNS`: an object that grows column by column takes ten times the memory. */
function toColumns(row: readonly never[]): StoredTask {
  return {
    no: row[0]!,
    id: row[1]!,
    queue: row[2]!,
    type: row[3]!,
    state: row[4]!,
    worker: row[5]!,
    priority: row[6]!,
    attempts_made: row[7]!,
    attempts_max: row[8]!,
    created: row[9]!,
    delay_until: row[10]!,
    expires: row[11]!,
    started: row[12]!,
    finished: row[13]!,
    wait_ms: row[14]!,
    run_ms: row[15]!,
    error_name: row[16]!,
    error_message: row[17]!,
    error_group: row[18]!,
    tags: row[19]!,
    origin: row[20]!,
    progress: row[21]!,
    cancelled: row[22]!,
    options: row[23]!,
    input_bytes: row[24]!,
    result_bytes: row[25]!,
    input: row[26]!,
    result: row[27]!,
    cut: row[28]!,
    facts: row[29]!,
    text_hash: row[30]!,
    transitions: row[31]!,
    attempt_version: row[32]!,
  };
}

/** In the order of the index: by path, numbers before text. */
function byPlace(a: readonly [...Fact, number], b: readonly [...Fact, number]): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  if (typeof a[1] !== typeof b[1]) return typeof a[1] === 'number' ? -1 : 1;
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[2] - b[2];
}

function factKey([path, value]: Fact): string {
  return `${path} ${typeof value} ${value}`;
}
