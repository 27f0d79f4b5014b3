import { Inject, Injectable } from '@nestjs/common';
import { Redaction } from '../platform/redaction/redaction.js';
import { TASK_STATES, type TaskState } from '../model/states.js';
import type { BulkAction } from '../history/ports/bulk-store.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import type { NameTerm, QueryNode } from '../history/query/query-ast.js';
import { isOurQueue, toTaskView } from '../history/to-task-view.js';
import { HISTORY } from '../history/tokens.js';
import { TaskReader } from '../bullmq/task-reader.js';
import { applies, whyNot } from './bulk-rules.js';
import { Selection } from './selection.js';
import type { BulkPreview } from './bulk-actions.openapi.js';

/** Number of tasks in the sample. */
const SAMPLE_SIZE = 10;
/** Refs per page where the tasks must be counted one by one. */
const WALK = 5000;

interface Counted {
  queue: string;
  state: TaskState | undefined;
  count: number;
  /** True where only the history has the tasks. */
  isGone?: boolean;
}

@Injectable()
export class BulkPreviews {
  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly selection: Selection,
    private readonly reader: TaskReader,
    private readonly redaction: Redaction,
  ) {}

  async ofQuery(
    action: BulkAction,
    { filter, text, to, now }: { filter: QueryNode | null; text: string; to?: string; now: number },
  ): Promise<BulkPreview> {
    const [counted, page] = await Promise.all([
      this.count(filter, now),
      this.store.search({ query: { filter, sort: null }, limit: SAMPLE_SIZE, now }),
    ]);
    const sample = page.items.map((task) => toTaskView(task, this.redaction, now));
    const ours = sample.filter(({ queue }) => isOurQueue(queue));
    const inRedis = await this.reader.findMany(ours.map(({ queue, id }) => ({ queue, id })));
    const sampleGone = inRedis.filter((task) => task === undefined).length;
    return { ...summary(action, counted, to), q: text, sample, sampleGone };
  }

  async ofSelection(
    action: BulkAction,
    { ids, to, now }: { ids: readonly string[]; to?: string; now: number },
  ): Promise<BulkPreview> {
    const tasks = await this.selection.find(ids);
    const counted = tasks.map(({ queue, state, inRedis }) => ({ queue, state, count: 1, isGone: !inRedis }));
    const shown = tasks.slice(0, SAMPLE_SIZE);
    const live = await this.reader.views(shown.filter(({ inRedis }) => inRedis));
    const past = await Promise.all(
      shown.filter(({ inRedis }) => !inRedis).map(({ id, queue }) => this.store.get(id, queue)),
    );
    const found = past.filter((task) => task !== undefined);
    return {
      ...summary(action, counted, to),
      sample: [...live, ...found.map((task) => toTaskView(task, this.redaction, now))],
      // A selection knows which of its tasks are gone, and counts them in `others`.
      sampleGone: 0,
    };
  }

  /** Returns exact counts by state and queue: from the store's counters where they suffice, else by reading all matches. */
  private async count(filter: QueryNode | null, now: number): Promise<Counted[]> {
    const whole = await this.store.counts(filter);
    const queues = Object.keys(whole.byQueue);
    // The query language ignores case: queues that differ only in case cannot be counted by a filter.
    const isClear = new Set(queues.map((queue) => queue.toLowerCase())).size === queues.length;
    if (whole.isExact && isClear) {
      const parts =
        queues.length === 1
          ? [whole]
          : await Promise.all(queues.map((queue) => this.store.counts(inQueue(filter, queue))));
      if (parts.every(({ isExact }) => isExact)) {
        return parts.flatMap(({ byState }, i) =>
          Object.entries(byState).map(([state, count]) => ({
            queue: queues[i]!,
            state: state as TaskState,
            count,
          })),
        );
      }
    }
    return this.walk(filter, now);
  }

  private async walk(filter: QueryNode | null, now: number): Promise<Counted[]> {
    const counted = new Map<string, Counted>();
    let after: number | undefined;
    do {
      const page = await this.store.ids(filter, {
        limit: WALK,
        now,
        ...(after === undefined ? {} : { after }),
      });
      for (const { queue, state } of page.items) {
        const key = `${state} ${queue}`;
        const known = counted.get(key);
        if (known) known.count++;
        else counted.set(key, { queue, state, count: 1 });
      }
      after = page.next;
    } while (after !== undefined);
    return [...counted.values()];
  }
}

function summary(
  action: BulkAction,
  counted: Counted[],
  to: string | undefined,
): Omit<BulkPreview, 'q' | 'sample' | 'sampleGone'> {
  const states = new Map<TaskState, number>();
  const others = new Map<string, number>();
  const exclude = (why: string, count: number) => others.set(why, (others.get(why) ?? 0) + count);
  for (const { queue, state, count, isGone } of counted) {
    if (state === undefined) exclude('no such task', count);
    else if (!isOurQueue(queue)) exclude(`of another program: Roost does not own the queue ${queue}`, count);
    else if (isGone && action !== 'delete' && applies(action, state))
      exclude('no longer in Redis, only in the history', count);
    else if (action === 'move' && queue === to && applies(action, state)) exclude(`in ${to} already`, count);
    else states.set(state, (states.get(state) ?? 0) + count);
  }
  const rows = TASK_STATES.filter((state) => states.has(state)).map((state) => ({
    state,
    count: states.get(state)!,
    applies: applies(action, state),
    ...(applies(action, state) ? {} : { why: whyNot(action, state) }),
  }));
  return {
    action,
    ...(to === undefined ? {} : { to }),
    total: counted.reduce((sum, { count }) => sum + count, 0),
    applies: rows.reduce((sum, row) => sum + (row.applies ? row.count : 0), 0),
    // Applicable states first.
    states: [...rows.filter((row) => row.applies), ...rows.filter((row) => !row.applies)],
    others: [...others].map(([why, count]) => ({ why, count })),
  };
}

function inQueue(filter: QueryNode | null, queue: string): QueryNode {
  const term: NameTerm = { kind: 'name', field: 'queue', text: queue, prefix: false };
  if (!filter) return term;
  return { kind: 'and', nodes: filter.kind === 'and' ? [...filter.nodes, term] : [filter, term] };
}
