import { QUEUE_NAMES } from '../contract/queues.js';
import { HIDDEN, redaction } from '../contract/redaction.js';
import { type Scrub, scrubOf } from '../contract/scrub.js';
import type { TaskView } from '../contract/task-view.js';
import { iso, taskLinks } from '../queue/to-task-view.js';
import type { HistoryTask } from './store/rows.js';
import { parseStored } from '../queue/stored-json.js';

/** Longest input preview in characters. */
const PREVIEW_LENGTH = 160;

/** A task of the history as the view that the same task in Redis has. */
export function toTaskView(task: HistoryTask, now: number = Date.now()): TaskView {
  const { id, queue, state, startedAt, runMs } = task;
  const hidden = redaction();
  const input = hidden.apply('input', parsed(task.input));
  const words = scrubOfKept(task);
  const ran = state === 'active' && startedAt !== null ? Math.max(0, now - startedAt) : runMs;
  return {
    id,
    type: task.type,
    queue,
    state,
    ...(task.inputCut ? {} : { input }),
    inputPreview: inputPreview(task),
    ...(state === 'completed' && !task.resultCut
      ? { result: words.value(hidden.apply('result', parsed(task.result))) }
      : {}),
    error: words.failure(task.error),
    progress: words.progress(task.progress),
    attempts: { made: task.attemptsMade, max: Math.max(1, task.attemptsMax) },
    priority: task.priority,
    tags: task.tags,
    createdAt: iso(task.createdAt),
    ...time('delayUntil', task.delayUntil),
    ...time('expiresAt', task.expiresAt),
    ...time('startedAt', startedAt),
    ...time('finishedAt', task.finishedAt),
    ...(task.waitMs === null ? {} : { waitMs: task.waitMs }),
    ...(ran === null ? {} : { runMs: ran }),
    ...(task.worker === null ? {} : { worker: task.worker }),
    ...(task.origin === null ? {} : { origin: task.origin }),
    ...(task.cancelled ? { cancelled: { ...task.cancelled, at: iso(task.cancelled.at) } } : {}),
    // Ids of other programs' tasks are their own only within their queue, so links to them name it.
    links: taskLinks(id, isOurQueue(queue) ? undefined : queue),
  };
}

/** For what is kept of a task outside of its own row, such as its log. */
export function scrubOfKept({ input, inputCut, result, resultCut }: HistoryTask): Scrub {
  const hidden = redaction();
  if (!hidden.concerns('input') && !hidden.concerns('result')) return scrubOf({});
  return scrubOf({
    ...{ input: parsed(input), isInputCut: inputCut },
    ...{ result: parsed(result), isResultCut: resultCut },
  });
}

export function isOurQueue(queue: string): boolean {
  return (QUEUE_NAMES as readonly string[]).includes(queue);
}

function time<Name extends string>(name: Name, at: number | null): { [N in Name]?: string } {
  return (at === null ? {} : { [name]: iso(at) }) as { [N in Name]?: string };
}

function parsed(json: string | null): unknown {
  return json === null ? null : parseStored(json);
}

function inputPreview({ input, inputCut }: HistoryTask): string {
  if (input === null) return 'null';
  const hidden = redaction();
  if (!hidden.concerns('input')) return preview(input);
  return inputCut ? HIDDEN : preview(hidden.applyToText('input', input));
}

function preview(text: string): string {
  return text.length > PREVIEW_LENGTH ? `${text.slice(0, PREVIEW_LENGTH)}…` : text;
}
