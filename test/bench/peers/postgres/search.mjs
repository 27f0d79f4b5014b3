/* Express before a table of finished jobs: the newest 50 with this value in that field. argv: database, whose table. */
import express from 'express';
import pg from 'pg';

const TABLES = {
  'pg-boss': `SELECT id, name, state, data, output, created_on, started_on, completed_on FROM pgboss.job
    WHERE name = 'bare' AND data @> $1 ORDER BY completed_on DESC LIMIT 50`,
  'graphile-worker': 'SELECT * FROM job_history WHERE payload @> $1 ORDER BY finished_at DESC LIMIT 50',
  'bullmq-postgres': `SELECT id, name, state, data, return_value, added_at_ms, processed_at_ms, finished_at_ms FROM bullmq.job
    WHERE queue = 'bare' AND state = 'completed' AND data @> $1 ORDER BY finished_at_ms DESC LIMIT 50`,
};
const [connectionString, table] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: 10 });

const app = express();
app.get('/jobs', async (req, res) => {
  const { field, value } = req.query;
  const { rows } = await pool.query(TABLES[table], [JSON.stringify({ [field]: Number(value) })]);
  res.json({ items: rows });
});
const server = app.listen(0, '127.0.0.1', () => {
  process.send({ type: 'ready', url: `http://127.0.0.1:${server.address().port}` });
});
process.on('disconnect', () => process.exit());
