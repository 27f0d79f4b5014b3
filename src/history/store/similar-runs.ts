import { build } from './builder.js';
import { stateCode, toState } from './codes.js';
import type { SqliteDatabase } from './database.js';
import type { PastRun } from './history-store.js';
import { WORD, type Words } from './words.js';

/** Rows looked at on each way: a type whose runs are rarer than this among the newest shows fewer of them. */
const LOOKED_AT = 4000;

const RAN = [stateCode('completed'), stateCode('failed')];

/**
 * The newest runs of a type that completed or failed, the latest first. Two bounded walks, over what finished last and
 * over the newest of the type: the first finds a type that is busy, the second one that rested for long. Neither
 * depends on how many tasks there are.
 */
export function similarRuns(
  db: SqliteDatabase,
  words: Words,
  { queue, type, limit }: { queue: string; type: string; limit: number },
): PastRun[] {
  const queueId = words.find(WORD.queue, queue);
  const typeId = words.find(WORD.type, type);
  if (queueId === undefined || typeId === undefined) return [];
  const rows = build.selectFrom('tasks').select(['no', 'id', 'type', 'queue', 'state', 'run_ms', 'finished']);
  const walks = [
    rows.where('finished', 'is not', null).orderBy('finished', 'desc').limit(LOOKED_AT),
    rows.where('type', '=', typeId).orderBy('no', 'desc').limit(LOOKED_AT),
  ];
  const found = new Map<number, PastRun>();
  for (const walk of walks) {
    const ran = build
      .selectFrom(walk.as('seen'))
      .selectAll()
      .where('type', '=', typeId)
      .where('queue', '=', queueId)
      .where('state', 'in', RAN)
      .where('run_ms', 'is not', null)
      .limit(limit);
    for (const { no, id, state, run_ms, finished } of db.query(ran.compile()))
      found.set(no, { id, state: toState(state), runMs: run_ms!, finishedAt: finished ?? 0 });
    if (found.size >= limit) break;
  }
  return [...found.values()].sort((a, b) => b.finishedAt - a.finishedAt).slice(0, limit);
}
