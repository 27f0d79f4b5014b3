/* pg-boss keeps finished jobs where they are, here without an end, with an index over the fields of their data. */
import { PgBoss } from 'pg-boss';
import { CONCURRENCY, connectionString, isEmpty, pool, run, serve } from './program.mjs';

const boss = new PgBoss({ connectionString, useListenNotify: true });
boss.on('error', (error) => process.stderr.write(`${error.message}\n`));
await boss.start();
await boss.createQueue('bare', { deleteAfterSeconds: 0, notify: true });
await pool.query('CREATE INDEX job_data ON pgboss.job USING gin (data jsonb_path_ops)');

serve({
  add: (inputs) =>
    boss.insert(
      'bare',
      inputs.map((data) => ({ data })),
    ),
  work: async () => {
    const options = { batchSize: CONCURRENCY, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
    await boss.work('bare', options, async (jobs) => {
      for (const { data } of jobs) run(data);
    });
    return () => boss.offWork('bare', { wait: true });
  },
  isIdle: () => isEmpty(`SELECT 1 FROM pgboss.job WHERE name = 'bare' AND state < 'completed'`),
  fill: (from, count) =>
    pool.query(
      `INSERT INTO pgboss.job (name, data, state, created_on, started_on, completed_on, policy, deletion_seconds)
       SELECT 'bare', jsonb_build_object('x', i, 'y', 1 + i % 97), 'completed', now(), now(), clock_timestamp(), 'standard', 0
       FROM generate_series($1::int, $2::int) i`,
      [from, from + count - 1],
    ),
});
