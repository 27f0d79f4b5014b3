import { readFailure } from '../model/failure.js';
import { HIDDEN, type Redaction } from '../platform/redaction/redaction.js';
import { NO_SCRUB, type Scrub, scrubOf } from '../platform/redaction/scrub.js';
import type { TaskView } from '../model/task-view.js';
import { formatIso, taskLinks, timeoutsOf, type TimeLimits } from '../bullmq/codec/to-task-view.js';
import type { HistoryTask } from './ports/rows.js';
import { parseStoredBody } from '../bullmq/codec/parse-stored-json.js';
import { rerunOf } from '../model/deprecated-names.js';

/** Maximum length of the input preview, characters. */
const PREVIEW_LENGTH = 160;

/** Converts a task of the history to the view that the same task in Redis has. */
export function toTaskView(task: HistoryTask, rules: Redaction, now: number = Date.now()): TaskView {
  const { id, queue, state, startedAt, runMs } = task;
  const hidden = rules.current;
  const words = scrubOfHistory(task, rules);
  const ran = state === 'active' && startedAt !== null ? Math.max(0, now - startedAt) : runMs;
  return {
    id,
    type: task.type,
    queue,
    state,
    ...(task.inputCut ? {} : { input: hidden.apply('input', parsed(task.input)) }),
    inputPreview: inputPreview(task, hidden),
    ...(state === 'completed' && !task.resultCut
      ? { result: words.value(hidden.apply('result', parsed(task.result))) }
      : {}),
    error: words.failure(task.error && (readFailure(task.error) ?? task.error)),
    progress: words.progress(task.progress),
    attempts: { made: task.attemptsMade, max: Math.max(1, task.attemptsMax) },
    priority: task.priority,
    tags: task.tags,
    createdAt: formatIso(task.createdAt),
    ...time('delayUntil', task.delayUntil),
    ...time('expiresAt', task.expiresAt),
    ...timeoutsOf((parsed(task.options) ?? {}) as TimeLimits),
    ...time('startedAt', startedAt),
    ...time('finishedAt', task.finishedAt),
    ...(task.waitMs === null ? {} : { waitMs: task.waitMs }),
    ...(ran === null ? {} : { runMs: ran }),
    ...(task.worker === null ? {} : { worker: task.worker }),
    ...(task.origin === null ? {} : rerunOf(task.origin)),
    ...(task.cancelled ? { cancelled: { ...task.cancelled, at: formatIso(task.cancelled.at) } } : {}),
    // Ids of other programs' tasks are unique only within their queue, so links to them include it.
    links: taskLinks(id, isOurQueue(queue) ? undefined : queue),
  };
}

/** Redacts values stored outside the task's own row, such as its log. */
export function scrubOfHistory({ input, inputCut, result, resultCut }: HistoryTask, rules: Redaction): Scrub {
  const hidden = rules.current;
  if (!hidden.concerns('input') && !hidden.concerns('result')) return NO_SCRUB;
  return scrubOf(rules, {
    ...{ input: parsed(input), isInputCut: inputCut },
    ...{ result: parsed(result), isResultCut: resultCut },
  });
}

/** Queues of other programs are named with their prefix, `bull:mail`; names of ours have no colon. */
export function isOurQueue(queue: string): boolean {
  return !queue.includes(':');
}

function time<Name extends string>(name: Name, at: number | null): { [N in Name]?: string } {
  return (at === null ? {} : { [name]: formatIso(at) }) as { [N in Name]?: string };
}

function parsed(json: string | null): unknown {
  return json === null ? null : parseStoredBody(json);
}

function inputPreview({ input, inputCut }: HistoryTask, hidden: Redaction): string {
  if (input === null) return 'null';
  if (!hidden.concerns('input')) return preview(input);
  return inputCut ? HIDDEN : preview(hidden.applyToText('input', input));
}

function preview(text: string): string {
  return text.length > PREVIEW_LENGTH ? `${text.slice(0, PREVIEW_LENGTH)}…` : text;
}
