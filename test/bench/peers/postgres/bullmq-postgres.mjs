/* BullMQ on its own Postgres backend keeps finished jobs where they are, here with an index over the fields of their data. */
import { createPostgresBackend, Queue, Worker } from 'bullmq';
import { CONCURRENCY, connectionString, isEmpty, pool, run, serve } from './program.mjs';

const connection = { connectionString, migrate: true };
const queue = new Queue('bare', { connection }, createPostgresBackend);
await queue.waitUntilReady();
await queue.pause();
await pool.query('CREATE INDEX job_data ON bullmq.job USING gin (data jsonb_path_ops)');
const worker = new Worker(
  'bare',
  ({ data }) => Promise.resolve(run(data)),
  { connection, concurrency: CONCURRENCY },
  createPostgresBackend,
);
worker.on('error', (error) => process.stderr.write(`${error.message}\n`));
await worker.waitUntilReady();

serve({
  add: (inputs) => queue.addBulk(inputs.map((data) => ({ name: 'divide', data }))),
  work: async () => {
    await queue.resume();
    return () => queue.pause();
  },
  isIdle: () => isEmpty(`SELECT 1 FROM bullmq.job WHERE queue = 'bare' AND state IN ('waiting', 'active')`),
  fill: (from, count) =>
    pool.query(
      `INSERT INTO bullmq.job (queue, id, seq, name, state, data, attempts_made, attempts_started, return_value, added_at_ms,
         processed_at_ms, finished_at_ms)
       SELECT 'bare', 'f' || i, i, 'divide', 'completed', jsonb_build_object('x', i, 'y', 1 + i % 97), 1, 1, '{}', 1e12 + i,
         1e12 + i, 1e12 + i
       FROM generate_series($1::int, $2::int) i`,
      [from, from + count - 1],
    ),
});
