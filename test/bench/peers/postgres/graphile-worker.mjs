/*
 * graphile-worker deletes a job when it is done. A trigger that writes the deleted ones into a table, a statement at a time,
 * is the cheapest way to have them later; the local queue and batched completion are the fast way that its pages recommend.
 */
import { Logger, makeWorkerUtils, run as runWorker } from 'graphile-worker';
import { CONCURRENCY, connectionString, isEmpty, pool, run, serve } from './program.mjs';

const logger = new Logger(() => () => undefined);
const utils = await makeWorkerUtils({ connectionString, logger });
await utils.migrate();
await pool.query(`
  CREATE TABLE job_history (id bigint PRIMARY KEY, task_id int NOT NULL, payload jsonb NOT NULL, attempts int NOT NULL,
    last_error text, created_at timestamptz NOT NULL, started_at timestamptz, finished_at timestamptz NOT NULL);
  CREATE INDEX job_history_finished ON job_history (finished_at);
  CREATE INDEX job_history_payload ON job_history USING gin (payload jsonb_path_ops);
  CREATE FUNCTION keep_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO job_history
      SELECT id, task_id, payload::jsonb, attempts, last_error, created_at, locked_at, clock_timestamp() FROM gone;
    RETURN NULL;
  END $$;
  CREATE TRIGGER keep_jobs AFTER DELETE ON graphile_worker._private_jobs
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION keep_jobs()`);

serve({
  add: (inputs) => utils.addJobs(inputs.map((payload) => ({ identifier: 'divide', payload }))),
  work: async () => {
    const worker = await runWorker({
      ...{
        connectionString,
        logger,
        noHandleSignals: true,
        taskList: { divide: (payload) => run(payload) && undefined },
      },
      preset: {
        worker: { concurrentJobs: CONCURRENCY, localQueue: { size: 500 }, completeJobBatchDelay: 0 },
      },
    });
    return () => worker.stop();
  },
  isIdle: () => isEmpty('SELECT 1 FROM graphile_worker._private_jobs'),
  fill: (from, count) =>
    pool.query(
      `INSERT INTO job_history
       SELECT i + 100000000, 1, jsonb_build_object('x', i, 'y', 1 + i % 97), 1, NULL, now(), now(), clock_timestamp()
       FROM generate_series($1::int, $2::int) i`,
      [from, from + count - 1],
    ),
});
