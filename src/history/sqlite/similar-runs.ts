import { build } from './builder.js';
import { stateCode, toState } from '../recording/rules/codes.js';
import type { SqliteDatabase } from './database.js';
import type { PastRun } from '../ports/history-store.js';
import type { Dictionary } from './dictionary.js';
import { WORD } from '../recording/rules/names.js';

/** Rows read by each walk: a type that is rarer among the newest tasks returns fewer runs. */
const MAX_ROWS = 4000;

const RAN = [stateCode('completed'), stateCode('failed')];

/**
 * Finds the newest completed or failed runs of a type, latest first. Uses two bounded walks, over the latest finished
 * tasks and over the newest tasks of the type: the first finds busy types, the second types that have been idle for
 * long. The cost does not depend on the number of tasks.
 */
export function similarRuns(
  db: SqliteDatabase,
  words: Dictionary,
  { queue, type, limit }: { queue: string; type: string; limit: number },
): PastRun[] {
  const queueId = words.find(WORD.queue, queue);
  const typeId = words.find(WORD.type, type);
  if (queueId === undefined || typeId === undefined) return [];
  const rows = build.selectFrom('tasks').select(['no', 'id', 'type', 'queue', 'state', 'run_ms', 'finished']);
  const walks = [
    rows.where('finished', 'is not', null).orderBy('finished', 'desc').limit(MAX_ROWS),
    rows.where('type', '=', typeId).orderBy('no', 'desc').limit(MAX_ROWS),
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
