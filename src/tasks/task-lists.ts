import { Injectable } from '@nestjs/common';
import { RoostError } from '../contract/errors.js';
import { SETTLED_STATES, TASK_STATES, type StateCounts, type TaskState } from '../contract/states.js';
import type { TaskPage, TaskView } from '../contract/task-view.js';
import { Queues } from '../queue/queues.js';
import { TaskReader } from '../queue/task-reader.js';

export interface TaskQuery {
  /** Defaults to all. */
  states?: TaskState[];
  queue?: string;
  type?: string;
  cursor?: string;
  /** 1-200. Defaults to 50. */
  limit?: number;
}

/** What is on the move comes first, in this order; then everything settled, newest first. */
const MOVING: TaskState[] = ['active', 'waiting', 'delayed'];
/** Most ids one call looks at while it searches for a type; the cursor goes on from there. */
const MAX_SCANNED = 20_000;
const SCAN_BATCH = 500;

interface Ref {
  queue: string;
  id: string;
}

/** Where the next page begins: in the n-th moving list at an offset, or among the settled before a time. */
type Cursor = { list: number; from: number } | { before: number; skip: number };

/** Pages of tasks straight from Redis: cheap for states and queues, a bounded walk for a type. */
@Injectable()
export class TaskLists {
  constructor(
    private readonly reader: TaskReader,
    private readonly queues: Queues,
  ) {}

  /** @throws RoostError QUEUE_NOT_FOUND, QUERY_INVALID for a cursor that is none of ours. */
  async list(query: TaskQuery): Promise<TaskPage> {
    const limit = query.limit ?? 50;
    const states = query.states?.length ? query.states : [...TASK_STATES];
    const queues = query.queue === undefined ? this.queues.names() : [this.queues.get(query.queue).name];
    const { refs, next } = await this.page(states, queues, query, limit);
    const [items, total] = await Promise.all([
      this.reader.views(refs),
      query.type === undefined ? this.total(states, queues) : undefined,
    ]);
    return {
      items,
      ...(total === undefined ? {} : { total }),
      ...(next ? { nextCursor: Buffer.from(JSON.stringify(next)).toString('base64url') } : {}),
    };
  }

  /** The latest of every state, by time of submission. */
  async newest(limit: number): Promise<TaskView[]> {
    const lists = this.queues.names().flatMap((queue) => TASK_STATES.map((state) => ({ queue, state })));
    const refs = await Promise.all(
      lists.map(async ({ queue, state }) =>
        (await this.reader.ids(queue, state, 0, limit)).map((id) => ({ queue, id })),
      ),
    );
    const views = await this.reader.views(refs.flat());
    return views.sort((a, b) => b.createdAt.localeCompare(a.createdAt)).slice(0, limit);
  }

  async counts(): Promise<StateCounts> {
    const stats = await Promise.all(this.queues.names().map((queue) => this.reader.stats(queue)));
    return Object.fromEntries(
      TASK_STATES.map((state) => [state, stats.reduce((sum, { counts }) => sum + counts[state], 0)]),
    ) as StateCounts;
  }

  private async total(states: TaskState[], queues: string[]): Promise<number> {
    const stats = await Promise.all(queues.map((queue) => this.reader.stats(queue)));
    return stats.reduce(
      (sum, { counts }) => sum + states.reduce((part, state) => part + counts[state], 0),
      0,
    );
  }

  private async page(states: TaskState[], queues: string[], { type, cursor }: TaskQuery, limit: number) {
    const moving = MOVING.filter((state) => states.includes(state)).flatMap((state) =>
      queues.map((queue) => ({ state, queue })),
    );
    const settled = SETTLED_STATES.filter((state) => states.includes(state)).flatMap((state) =>
      queues.map((queue) => ({ state, queue })),
    );
    const refs: Ref[] = [];
    let at: Cursor | undefined = cursor === undefined ? { list: 0, from: 0 } : parseCursor(cursor);
    for (let scanned = 0; at !== undefined && refs.length < limit && scanned < MAX_SCANNED;) {
      const wanted: number = type === undefined ? limit - refs.length : SCAN_BATCH;
      const step: Step =
        'list' in at ? await this.moving(moving, at, wanted) : await this.settled(settled, at, wanted);
      scanned += Math.max(1, step.refs.length);
      const kept = type === undefined ? step.refs.map((_, i) => i) : await this.ofType(step.refs, type);
      const taken = kept.slice(0, limit - refs.length);
      refs.push(...taken.map((i) => step.refs[i]!));
      // A page that filled up in the middle of a batch goes on behind its last task.
      at = taken.length < kept.length ? step.after(taken.at(-1)! + 1) : step.next;
    }
    return { refs, next: at };
  }

  private async moving(lists: Source[], at: { list: number; from: number }, wanted: number): Promise<Step> {
    const source = lists[at.list];
    if (!source)
      return { refs: [], next: { before: Number.MAX_SAFE_INTEGER, skip: 0 }, after: () => undefined };
    const ids = await this.reader.ids(source.queue, source.state, at.from, wanted);
    return {
      refs: ids.map((id) => ({ queue: source.queue, id })),
      next:
        ids.length < wanted ? { list: at.list + 1, from: 0 } : { list: at.list, from: at.from + ids.length },
      after: (n) => ({ list: at.list, from: at.from + n }),
    };
  }

  private async settled(
    lists: Source[],
    at: { before: number; skip: number },
    wanted: number,
  ): Promise<Step> {
    const found = await Promise.all(
      lists.map(async ({ queue, state }) =>
        (await this.reader.settledIds(queue, state, at.before, wanted + at.skip)).map((entry) => ({
          queue,
          ...entry,
        })),
      ),
    );
    const merged = found.flat().sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
    const page = merged.slice(at.skip, at.skip + wanted);
    const after = (n: number): Cursor => {
      const last = page[n - 1]!;
      const same = merged.slice(0, at.skip + n).filter((entry) => entry.at === last.at).length;
      return { before: last.at, skip: same };
    };
    return { refs: page, next: page.length < wanted ? undefined : after(page.length), after };
  }

  /** Positions of the tasks of this type. */
  private async ofType(refs: Ref[], type: string): Promise<number[]> {
    const byQueue = group(refs);
    const matches: number[] = [];
    for (const [queue, positions] of byQueue) {
      const names = await this.reader.typesOf(
        queue,
        positions.map((i) => refs[i]!.id),
      );
      positions.forEach((position, i) => names[i] === type && matches.push(position));
    }
    return matches.sort((a, b) => a - b);
  }
}

interface Source {
  state: TaskState;
  queue: string;
}

interface Step {
  refs: Ref[];
  /** Where to go on when all of them were used. */
  next: Cursor | undefined;
  /** Where to go on behind the first `n` of them. */
  after(n: number): Cursor | undefined;
}

function group(refs: Ref[]): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  refs.forEach(({ queue }, i) => {
    const positions = groups.get(queue);
    if (positions) positions.push(i);
    else groups.set(queue, [i]);
  });
  return groups;
}

function parseCursor(text: string): Cursor {
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;
    const valid = (name: string) => Number.isSafeInteger(value[name]) && (value[name] as number) >= 0;
    if (valid('list') && valid('from')) return value as Cursor;
    // What is skipped is read first: tasks that settled within the same ms, so never many.
    if (valid('before') && valid('skip') && (value.skip as number) <= MAX_SCANNED) return value as Cursor;
  } catch {
    // Said below.
  }
  const message = 'is not a cursor of ours; take it from `nextCursor` of the page before, or leave it out';
  throw new RoostError('QUERY_INVALID', `cursor: ${message}`, [{ path: 'cursor', message }]);
}
