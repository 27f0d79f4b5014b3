import { Inject, Injectable } from '@nestjs/common';
import { toJson } from '../model/lenient-json.js';
import { Redaction } from '../platform/redaction/redaction.js';
import type { QueryNode } from '../history/query/query-ast.js';
import type { HistoryStore } from '../history/ports/history-store.js';
import type { HistoryTask } from '../history/ports/rows.js';
import { scrubOfHistory, toTaskView } from '../history/to-task-view.js';
import { HISTORY } from '../history/tokens.js';
import { formatIso } from '../bullmq/codec/to-task-view.js';
import { csvLine } from './csv.js';

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const EXPORT_TYPES: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

/** Tasks read per page. */
const PAGE_SIZE = 200;
/** Minimum chunk length, UTF-16 units: many small writes are expensive. */
const CHUNK_LENGTH = 65_536;
/** Tolerance for the clocks of submitters, ms. A task created later than the export's start plus this ends the export. */
const MAX_SKEW_MS = 60_000;

type Cell = (task: HistoryTask) => string | number | null;

const time = (at: number | null) => (at === null ? null : formatIso(at));

/** Columns of the CSV. Input and result are JSON, times ISO 8601 in UTC, durations ms. */
export const CSV_COLUMNS: Record<string, Cell> = {
  id: ({ id }) => id,
  type: ({ type }) => type,
  queue: ({ queue }) => queue,
  state: ({ state }) => state,
  created: ({ createdAt }) => time(createdAt),
  started: ({ startedAt }) => time(startedAt),
  finished: ({ finishedAt }) => time(finishedAt),
  wait_ms: ({ waitMs }) => waitMs,
  run_ms: ({ runMs }) => runMs,
  attempts: ({ attemptsMade }) => attemptsMade,
  attempts_max: ({ attemptsMax }) => Math.max(1, attemptsMax),
  priority: ({ priority }) => priority,
  tags: ({ tags }) => tags.join(' '),
  worker: ({ worker }) => worker,
  origin: ({ origin }) => origin,
  error_name: ({ error }) => error?.name ?? null,
  error_message: ({ error }) => error?.message ?? null,
  input: ({ input }) => input,
  result: ({ result }) => result,
};

/** Exports all tasks of a query as text in chunks. Buffers only as much as the reader is behind. */
@Injectable()
export class TaskExport {
  constructor(
    @Inject(HISTORY) private readonly store: HistoryStore,
    private readonly redaction: Redaction,
  ) {}

  /** Writes the tasks, oldest first. Leaves out tasks submitted while it runs. */
  async *write(filter: QueryNode | null, format: ExportFormat): AsyncGenerator<string> {
    let chunk = format === 'csv' ? csvLine(Object.keys(CSV_COLUMNS)) : '';
    for await (const task of this.tasks(filter)) {
      chunk +=
        format === 'csv'
          ? csvRow(task, this.redaction.current)
          : `${toJson(toTaskView(task, this.redaction))}\n`;
      if (chunk.length < CHUNK_LENGTH) continue;
      yield chunk;
      chunk = '';
    }
    if (chunk !== '') yield chunk;
  }

  private async *tasks(filter: QueryNode | null): AsyncGenerator<HistoryTask> {
    const now = Date.now();
    let after: number | undefined;
    do {
      const page = await this.store.tasks(filter, {
        limit: PAGE_SIZE,
        now,
        ...(after === undefined ? {} : { after }),
      });
      for (const task of page.items) {
        if (task.createdAt > now + MAX_SKEW_MS) return;
        yield task.inputCut || task.resultCut ? await this.whole(task) : task;
      }
      after = page.next;
    } while (after !== undefined);
  }

  /** Loads the full task, because lists truncate long inputs and results. */
  private async whole(task: HistoryTask): Promise<HistoryTask> {
    const whole = await this.store.get(task.id, task.queue);
    return whole ? { ...whole, error: task.error } : task;
  }
}

function csvRow(task: HistoryTask, rules: Redaction): string {
  const { input, result, error } = task;
  const words = scrubOfHistory(task, rules);
  const shown: HistoryTask = {
    ...task,
    input: input && rules.applyToText('input', input),
    result: result && words.json(rules.applyToText('result', result)),
    error: words.failure(error),
  };
  return csvLine(Object.values(CSV_COLUMNS).map((cell) => cell(shown)));
}
