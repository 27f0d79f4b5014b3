import type { Redis } from 'ioredis';
import type { HistoryStore } from '../../src/history/ports/history-store.js';
import type { TaskRow } from '../../src/history/ports/rows.js';
import { newTaskId } from '../../src/bullmq/task-ids.js';

const PIECE = 1000;

/**
 * Failed tasks as a worker leaves them, in Redis and in the history, written straight into both: their input is good, so
 * each completes when it is retried. Answers their ids, oldest first.
 */
export async function addFailedTasks(
  redis: Redis,
  history: HistoryStore,
  count: number,
  { type = 'divide', input = '{"x":1,"y":2}', createdAt = Date.now() - 60_000 } = {},
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newTaskId(createdAt));
  const data = `{"roost":1,"input":${input}}`;
  for (let from = 0; from < count; from += PIECE) {
    const piece = ids.slice(from, from + PIECE);
    const pipeline = redis.pipeline();
    for (const id of piece) {
      pipeline.hset(`roost:default:${id}`, {
        name: type,
        data,
        opts: '{"attempts":1}',
        timestamp: createdAt,
        delay: 0,
        priority: 0,
        processedOn: createdAt + 10,
        finishedOn: createdAt + 20,
        atm: 1,
        ats: 1,
        pb: 'seed',
        failedReason: 'Division by zero',
        stacktrace: '["Error: Division by zero\\n    at divide.task.ts:1:1"]',
      });
      pipeline.zadd('roost:default:failed', createdAt + 20, id);
    }
    await pipeline.exec();
    const tasks = piece.map((id): TaskRow => ({
      queue: 'default',
      id,
      state: 'failed',
      type,
      createdAt,
      input,
      startedAt: createdAt + 10,
      finishedAt: createdAt + 20,
      attemptsMade: 1,
      attemptsMax: 1,
      error: { name: 'Error', message: 'Division by zero' },
    }));
    const nothing = { attempts: [], transitions: [], logs: [], progress: [], removed: [], cursors: {} };
    // The recorder of a running Roost gives out numbers too: who comes second is refused once.
    await history.record({ ...nothing, tasks }).catch(() => history.record({ ...nothing, tasks }));
  }
  return ids;
}
