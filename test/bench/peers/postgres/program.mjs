/* Common part of the programs on Postgres: their parent asks, they answer. argv: the database's address. */
import pg from 'pg';

export const connectionString = process.argv[2];
export const pool = new pg.Pool({ connectionString, max: 10 });
export const CONCURRENCY = 50;
let begunAt;
/** The task: it uses both fields of its input, and nothing else. */
export function run({ x, y }) {
  begunAt ??= performance.now();
  return { quotient: x / y };
}
/** Inputs of the tasks from `from` on: one field that no two share, one with 97 values. */
export const inputs = (from, count) =>
  Array.from({ length: count }, (_, i) => ({ x: from + i, y: 1 + ((from + i) % 97) }));

const BULK = 1000;
const POLL_MS = 5;

/**
 * `add(inputs)` stores up to 1,000 waiting tasks at once; `work()` lets the worker begin and gives the function that stops it;
 * `isIdle()` tells that each is stored as finished; `fill(count)` stores that many finished ones.
 */
export function serve({ add, work, isIdle, fill }) {
  const orders = {
    add: async ({ from, count }) => {
      for (let i = 0; i < count; i += BULK) await add(inputs(from + i, Math.min(BULK, count - i)));
    },
    workOff: async () => {
      // From the first task on: neither the start of a worker nor its first poll counts.
      begunAt = undefined;
      const stop = await work();
      while (!(await isIdle())) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const ms = performance.now() - begunAt;
      await stop();
      return { ms };
    },
    fill: async ({ from, count }) => {
      await fill(from, count);
    },
    // Does what autovacuum does sooner or later: rows are counted, new ones are in their places in the index.
    vacuum: async () => {
      await pool.query('VACUUM ANALYZE');
    },
  };
  process.on('message', async ({ type, ...order }) => {
    try {
      process.send({ type, ...(await orders[type](order)) });
    } catch (error) {
      process.send({ type, failed: error.message });
    }
  });
  process.on('disconnect', () => process.exit());
  process.send({ type: 'ready' });
}

/** Whether a query has no row. */
export const isEmpty = async (sql) => (await pool.query(`${sql} LIMIT 1`)).rowCount === 0;
